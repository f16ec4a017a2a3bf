using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Models;

/// <summary>
/// The first runs of a release's sessions, before it serves: a session lays out its memory at the first run of each shape, and a lane knows only
/// from runs how long they take. Every session runs each shape of the self-tests, and one row of zeros where the probe saw that it can; lanes that share a
/// session run once between them.
/// </summary>
internal static class WarmUp
{
    private const int MostShapes = 8;

    /// <param name="bytes">Of a listed file.</param>
    /// <param name="zeros">A batch of one of zeros is known to run.</param>
    public static void Run(ModelEngine engine, ModelManifest manifest, ModelContract contract, TensorBlockPool pool, Func<string, ReadOnlyMemory<byte>> bytes, LanePlan plan, bool zeros)
    {
        var lanes = new List<Lane>();
        var blocks = new List<TensorBlock>();
        try
        {
            while (engine.TryEnter(out Lane lane))
            {
                lanes.Add(lane);
            }

            List<EngineInput[]> requests = Requests(manifest, contract, pool, bytes, zeros, blocks);
            foreach (Lane lane in lanes.Take(plan.SessionPerLane ? lanes.Count : 1))
            {
                foreach (EngineInput[] inputs in requests)
                {
                    lane.Run(inputs);
                    lane.Clear();
                }
            }

            lanes.ForEach(lane => lane.ExpectAs(lanes[0]));
        }
        catch (RefusedException)
        {
            // It judges nothing: the self-tests have passed.
        }
        finally
        {
            lanes.ForEach(engine.Leave);
            blocks.ForEach(block => block.Return());
        }
    }

    private static List<EngineInput[]> Requests(
        ModelManifest manifest, ModelContract contract, TensorBlockPool pool, Func<string, ReadOnlyMemory<byte>> bytes, bool zeros, List<TensorBlock> blocks)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var requests = new List<EngineInput[]>();
        foreach (ManifestSelfTest test in manifest.SelfTests.Where(test => seen.Add(string.Concat(test.Inputs.Select(input => input.Shape.ToString())))).Take(MostShapes))
        {
            requests.Add([.. test.Inputs.Select((input, i) => SelfTestRun.Input(input, contract.Inputs[i], pool, bytes(input.File).Span, blocks))]);
        }

        if (zeros)
        {
            EngineInput[] row = ZeroBatch.Of(manifest, contract, 1, pool, blocks);
            if (seen.Add(string.Concat(row.Select(input => input.Shape.ToString()))))
            {
                requests.Add(row);
            }
        }

        return requests;
    }
}
