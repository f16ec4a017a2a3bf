using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Images;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl infer MODEL</c>: a picture or a JSON request of the protocol.</summary>
internal static class InferCommand
{
    private const string Details =
        """
        --image sends one picture and prints its label and confidence. The model must
        declare one UINT8 image input. Pictures are PNG (not interlaced, no
        transparent pixels) or PGM/PPM (P2, P3, P5, P6, any maxval; a file may hold
        several: --index). Samples become 8 bits, round(255 v / maxval). Colour
        becomes gray as round((299 R + 587 G + 114 B) / 1000), gray becomes colour by
        repeating it; gamma and colour profiles are not applied. The picture's size
        must be the model's unless --resize is given (area averaging).

        Confidence is the softmax over the output's values, or the values themselves
        when they already are shares (each 0 to 1, sum 1).

        --json-file sends a request of the Open Inference Protocol as it is and
        prints the answer as it came.
        """;

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The model's name ('edgectl model list')." };
        var image = new Option<FileInfo?>("--image") { Description = "A picture to classify.", HelpName = "file" };
        Option<int> index = NumberOption.Create("--index", "Which picture of the file, from 0.", "n", 0, int.MaxValue, 0);
        var resize = new Option<bool>("--resize") { Description = "Scale the picture to the model's size by area averaging." };
        Option<int> top = NumberOption.Create("--top", "Print the best K classes.", "k", 1, int.MaxValue, 1);
        var wanted = new Option<string?>("--output") { Description = "The output with the class scores. Default: the model's first.", HelpName = "name" };
        var jsonFile = new Option<string?>("--json-file") { Description = "A JSON inference request; - reads stdin.", HelpName = "file" };
        var json = new Option<bool>("--json") { Description = "With --image: print JSON." };
        Option<double> timeout = NumberOption.Create("--timeout", "Seconds to wait for the answer.", "seconds", 0.001, 86400, 100);
        var grpc = new Option<bool>("--grpc") { Description = "With --image: speak gRPC instead of REST." };
        var votes = new Option<bool>("--votes") { Description = "With --image: print how the members of an ensemble voted (needs the role observe or admin)." };
        DaemonOptions daemon = DaemonOptions.Inference();
        var command = new CtlCommand("infer", "Ask a model about a picture, or with a JSON request.",
            "edgectl infer digits --image seven.png",
            "edgectl infer digits --image heldout.pgm --index 3 --top 3",
            "edgectl infer digits --image heldout.pgm --json",
            "edgectl infer digits --image seven.png --votes",
            "edgectl infer digits --image seven.png --grpc",
            "edgectl infer digits --image seven.png --address https://camera-7:8443 --tls-ca ca.pem --tls-cert me.pem --tls-key me.key",
            "edgectl infer digits --json-file request.json",
            "echo '{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[0.5,1]}]}' | edgectl infer linear --json-file -")
        {
            model, image, index, resize, top, wanted, jsonFile, json, votes, timeout, grpc,
        };
        daemon.AddTo(command);
        command.Details = Details;
        command.Validators.Add(result =>
        {
            if ((result.GetResult(image) is null) == (result.GetResult(jsonFile) is null))
            {
                result.AddError("Give either --image or --json-file.");
            }

            if (result.GetValue(votes) && result.GetResult(jsonFile) is not null)
            {
                result.AddError("--votes goes with --image: a request in JSON asks with its parameter votes.");
            }

            if (result.GetValue(grpc) && result.GetResult(jsonFile) is not null)
            {
                result.AddError("--grpc goes with --image: a request in JSON is REST.");
            }
        });
        command.SetAction((parsed, cancellation) => daemon.WithAsync(parsed, async (address, token) =>
        {
            var options = new EdgeClientOptions
            {
                Deadline = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                Wire = parsed.GetValue(grpc) ? EdgeWire.Grpc : EdgeWire.Rest,
                BearerToken = token,
            };
            using var client = new EdgeClient(address, options);
            string name = parsed.GetRequiredValue(model);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(jsonFile) is string file)
            {
                ReadOnlyMemory<byte> answer = await client.InferJsonAsync(name, await ReadRequestAsync(file, cancellation), null, cancellation);
                output.WriteLine(Encoding.UTF8.GetString(answer.Span));
                return (int)ExitCode.Ok;
            }

            RasterImage picture = ReadPicture(parsed.GetValue(image)!, parsed.GetValue(index));
            ModelDescription description = await client.DescribeModelAsync(name, cancellation);
            InputTensor input = Fill(parsed.GetValue(image)!, description, picture, parsed.GetValue(resize));
            InferenceAnswer inference = await client.InferAsync(new InferenceRequest(name, [input]) { Votes = parsed.GetValue(votes) }, cancellation);
            OutputTensor scores = Choose(inference, parsed.GetValue(wanted));
            ImmutableArray<RankedClass> classes = Ranking.Of(scores, description.Labels, parsed.GetValue(top));
            if (parsed.GetValue(json))
            {
                output.Write(ClassificationText.Json(inference, scores, classes, parsed.GetValue(votes)));
                return (int)ExitCode.Ok;
            }

            output.Write(ClassificationText.Lines(classes));
            if (parsed.GetValue(votes))
            {
                output.Write(VoteText.Lines(inference, index => index < description.Labels.Length ? description.Labels[index] : null));
            }

            return (int)ExitCode.Ok;
        }, cancellation));
        return command;
    }

    private static async Task<byte[]> ReadRequestAsync(string file, CancellationToken cancellation)
    {
        if (file != "-")
        {
            return await File.ReadAllBytesAsync(file, cancellation);
        }

        await using Stream input = Console.OpenStandardInput();
        using var buffer = new MemoryStream();
        await input.CopyToAsync(buffer, cancellation);
        return buffer.ToArray();
    }

    private static RasterImage ReadPicture(FileInfo file, int index)
    {
        if (!file.Exists)
        {
            throw new CtlException($"{file} does not exist");
        }

        if (file.Length > ImageFile.MaxFileBytes)
        {
            throw new CtlException($"{file} is larger than the {ImageFile.MaxFileBytes >> 20} MiB that are read");
        }

        try
        {
            return ImageFile.Read(File.ReadAllBytes(file.FullName), index);
        }
        catch (ImageException error)
        {
            throw new CtlException($"{file}: {error.Message}", error);
        }
    }

    private static InputTensor Fill(FileInfo file, ModelDescription model, RasterImage picture, bool resize)
    {
        ImageInput input = ImageInput.Of(model);
        try
        {
            return input.Fill(picture, resize);
        }
        catch (ImageException error)
        {
            throw new CtlException($"{file}: {error.Message}", error);
        }
    }

    private static OutputTensor Choose(InferenceAnswer answer, string? wanted)
    {
        foreach (OutputTensor output in answer.Outputs)
        {
            if (wanted is null || output.Name == wanted)
            {
                return output;
            }
        }

        throw new CtlException($"the answer has no output '{wanted}', only {string.Join(", ", answer.Outputs.Select(o => $"'{o.Name}'"))}");
    }
}
