using System.Security.Cryptography;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Hosting;

/// <summary>The audit log at the daemon's start: opened, with what it needs of secrets, and with what it says told on.</summary>
internal static class AuditOpening
{
    /// <summary>Null, and said why, when nothing could be recorded: then nothing is to be decided.</summary>
    public static AuditTrail? Open(EdgedSettings settings, ILogger log, TextWriter errors)
    {
        AuditSettings audit = settings.Audit;
        if (!audit.Enabled)
        {
            Log.AuditOff(log);
            return AuditTrail.Off;
        }

        SpoolLock? held = null;
        try
        {
            Credentials credentials = Credentials.FromEnvironment();
            Redaction? redaction = audit.RedactionSalt is { } salt ? new Redaction(credentials.ReadAuditSecret(salt, Redaction.SaltBytes)) : null;
            byte[] key = audit.DigestKey is { } place ? credentials.ReadAuditSecret(place, TensorHasher.KeyBytes) : [];
            if (!IsMissing(audit))
            {
                SpoolFolder.RequireOwn(audit.Directory);
                held = SpoolLock.Take(audit.Directory);
            }

            AuditSpool spool = AuditSpool.Open(audit, Credentials.AuditKeys(audit.Directory), TimeProvider.System);
            Tell(spool, log);
            Log.AuditInForce(log, spool.Origin, audit.Directory, spool.Figures.Size, spool.Figures.Epoch);
            return new AuditTrail(audit, spool, redaction, new TensorHasher(audit.InputDigest, audit.OutputDigest, key), held);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            errors.WriteLine($"edged: audit log: {unusable.Message}");
            return null;
        }
    }

    /// <summary>Whether there is no log where the settings say.</summary>
    public static bool IsMissing(AuditSettings audit) => !Path.Exists(Path.Combine(audit.Directory, SpoolLayout.FirstKey));

    /// <summary>Begins a log in a folder that is there; the vkey of its first key.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static string Initialise(AuditSettings audit) =>
        SpoolRecovery.Initialise(new SpoolFolder(audit.Directory), Credentials.AuditKeys(audit.Directory), audit.Origin ?? MadeUp());

    // Nobody else's, and no name that says more than the device's own does.
    private static string MadeUp()
    {
        string host = string.Concat(Environment.MachineName.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.'));
        return $"{(host.Length is 0 or > 64 ? "edged" : host)}/{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
    }

    /// <summary>The first record of this process.</summary>
    public static void Start(AuditTrail audit, ConfigurationInForce configuration, TrustPolicy trust, ILogger log)
    {
        Log.PolicyInForce(log, configuration.File, configuration.Digest, trust.Version, configuration.TrustDigest);
        string library = configuration.Now.Runtime.Sha256 ?? OnnxLibraryPins.Current; // Any other is refused before a model is loaded.
        audit.Start(
            Build.Version, Convert.FromHexString(configuration.Digest), Convert.FromHexString(configuration.TrustDigest), trust.Version, BootId(), ProgramDigest(), Convert.FromHexString(library));
        if (audit.Spool is { } spool)
        {
            spool.Alarm = alarm => ThreadPool.UnsafeQueueUserWorkItem(_ => Say(log, alarm), null); // Now: who records alerts is there.
        }
    }

    // Lines are written off the spool's thread: who reads the log, and how slowly, must not hold up what is brought to the disk.
    private static void Tell(AuditSpool spool, ILogger log)
    {
        var drops = new DropLines(log);
        spool.Checkpointed = made => ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                Log.AuditCheckpoint(log, made.Size, Convert.ToBase64String(made.Root.Span), made.Epoch, spool.Origin);
                drops.Look(spool.Figures);
            },
            null);
        spool.Changed = state => ThreadPool.UnsafeQueueUserWorkItem(_ => Say(log, state), null);
    }

    // An orderly end is no fault, nor is a log that goes on: who watches for errors is not to be woken for them.
    private static void Say(ILogger log, SpoolState state)
    {
        string word = MetricsPage.Word(state.Condition);
        if (state.Condition is SpoolCondition.Running or SpoolCondition.Stopped)
        {
            Log.AuditAsItShouldBe(log, word);
        }
        else
        {
            Log.AuditState(log, word, state.Accepts ? "taken" : "refused", state.Reason);
        }
    }

    private static void Say(ILogger log, AuditAlarm alarm)
    {
        switch (alarm.Kind)
        {
            case AuditAlarmKind.SegmentAbandoned:
                Log.AuditSegmentAbandoned(log, alarm.Text);
                break;
            case AuditAlarmKind.DiskStalled:
                Log.AuditDiskStalled(log, alarm.Text);
                break;
            default:
                Log.AuditQuotaNear(log, alarm.Text);
                break;
        }
    }

    // What runs, not what the path has by now: an update may have replaced it.
    private static byte[] ProgramDigest()
    {
        try
        {
            using FileStream program = File.OpenRead("/proc/self/exe");
            return SHA256.HashData(program);
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string BootId()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return ""; // A sandbox may hide it; a record without it is still one.
        }
    }

    /// <summary>A line for each cause by which records were lost since the last look.</summary>
    private sealed class DropLines(ILogger log)
    {
        private readonly Lock _turn = new();
        private readonly Dictionary<AuditCause, long> _told = [];

        public void Look(in SpoolFigures figures)
        {
            lock (_turn)
            {
                foreach ((AuditCause cause, long count) in AuditDrops.Of(figures))
                {
                    long before = _told.GetValueOrDefault(cause);
                    if (count > before)
                    {
                        _told[cause] = count;
                        Log.AuditDropped(log, count - before, MetricsPage.Word(cause));
                    }
                }
            }
        }
    }
}
