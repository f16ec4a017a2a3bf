using System.Diagnostics;
using System.Security.Cryptography;

namespace EdgeDaemon.Fuzz;

/// <summary>
/// One campaign against one target: the corpus, then mutations of it. A finding is a stray exception, a case that takes longer
/// than five seconds or more than 256 MiB, or a verdict that the oracle does not share.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target, Checkout checkout)
{
    private const int Batch = 512;
    private const long MostMemory = 256L << 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly List<byte[]> _cases = [];
    private readonly List<string> _ours = [];
    private long _executions;
    private long _accepted;
    private long _findings;
    private byte[] _current = [];

    /// <summary>True when nothing was found and both verdicts occurred.</summary>
    public bool Execute(long executions, int seed)
    {
        byte[][] corpus = [.. Directory.GetFiles(checkout.Corpus(target.Name)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        if (corpus.Length == 0)
        {
            throw new InvalidOperationException($"the corpus of {target.Name} is empty");
        }

        var clock = Stopwatch.StartNew();
        using var oracle = new OracleProcess(checkout.Oracle(target.Oracle));
        using var watchdog = new Timer(_ => StopWhenHung(), null, Longest, TimeSpan.FromSeconds(1));
        var mutator = new Mutator(corpus, target.Dictionary, seed);
        for (long i = 0; i < Math.Max(executions, corpus.Length); i++)
        {
            Run(i < corpus.Length ? corpus[i] : mutator.Next());
            if (_cases.Count == Batch)
            {
                Compare(oracle);
            }
        }

        Compare(oracle);
        bool both = _accepted > 0 && _accepted < _executions;
        Console.WriteLine(
            $"{target.Name}: {_executions} executions, {_accepted} accepted, {_executions - _accepted} rejected, {_findings} findings, {clock.Elapsed.TotalSeconds:F1} s (seed {seed})");
        if (!both)
        {
            Console.WriteLine($"{target.Name}: only one verdict ever occurred, so the campaign proved nothing");
        }

        return _findings == 0 && both;
    }

    private static long _caseStarted;

    private void Run(byte[] input)
    {
        _current = input;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Volatile.Write(ref _caseStarted, Stopwatch.GetTimestamp());
        string verdict;
        try
        {
            verdict = target.Judge(input);
        }
        catch (Exception stray)
        {
            Finding(input, $"stray {stray}");
            verdict = "reject";
        }
        finally
        {
            Volatile.Write(ref _caseStarted, 0);
        }

        if (GC.GetAllocatedBytesForCurrentThread() - before > MostMemory)
        {
            Finding(input, "more than 256 MiB allocated");
        }

        _executions++;
        _accepted += verdict.StartsWith("accept", StringComparison.Ordinal) ? 1 : 0;
        _cases.Add(input);
        _ours.Add(verdict);
    }

    private void Compare(OracleProcess oracle)
    {
        string[] theirs = oracle.Judge(_cases);
        for (int i = 0; i < theirs.Length; i++)
        {
            if (!Agree(theirs[i], _ours[i]))
            {
                Finding(_cases[i], $"we say    {Short(_ours[i])}\n  oracle says {Short(theirs[i])}");
            }
        }

        _cases.Clear();
        _ours.Clear();
    }

    // An oracle may know all but the end, which it then writes as a question mark.
    private static bool Agree(string theirs, string ours) =>
        theirs == "either" || (theirs.EndsWith('?') ? ours.StartsWith(theirs[..^1], StringComparison.Ordinal) : theirs == ours);

    private void Finding(byte[] input, string what)
    {
        _findings++;
        string folder = checkout.Findings(target.Name);
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        File.WriteAllBytes(file, input);
        if (_findings <= 10)
        {
            Console.WriteLine($"{target.Name}: {file}\n  {what}");
        }
    }

    // A parser that does not come back cannot be stopped from inside: the process ends, with the input saved.
    private void StopWhenHung()
    {
        long started = Volatile.Read(ref _caseStarted);
        if (started != 0 && Stopwatch.GetElapsedTime(started) > Longest)
        {
            Finding(_current, "takes longer than 5 s");
            Environment.Exit(1);
        }
    }

    private static string Short(string text) => text.Length <= 400 ? text : text[..400] + "…";
}
