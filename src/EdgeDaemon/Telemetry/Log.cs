using System.Net;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Listeners;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Telemetry;

/// <summary>Every line the daemon logs, in the order of their numbers. Texts are constant; values are arguments.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "edged {Version} starts ({Framework}); configuration {File}")]
    public static partial void Starting(ILogger logger, string version, string framework, string file);

    [LoggerMessage(2, LogLevel.Information, "inference runtime {Version} from {Path}, sha256 {Digest}")]
    public static partial void RuntimeLoaded(ILogger logger, string version, string path, string digest);

    [LoggerMessage(3, LogLevel.Information, "listening on {Path} ({Surfaces})")]
    public static partial void Listening(ILogger logger, string path, string surfaces);

    [LoggerMessage(4, LogLevel.Information, "ready: {Serving} models serve, {Refused} refused")]
    public static partial void Ready(ILogger logger, int serving, int refused);

    [LoggerMessage(5, LogLevel.Information, "stopping on {Signal}: no new connections, requests in flight finish")]
    public static partial void Stopping(ILogger logger, string signal);

    [LoggerMessage(6, LogLevel.Information, "stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(7, LogLevel.Warning, "{Text}")]
    public static partial void NotifyFailed(ILogger logger, string text);

    [LoggerMessage(70, LogLevel.Critical, "memory of tenants: {Bytes} bytes that should have been zeroed were not. This is a fault of edged: stop it, and report it")]
    public static partial void MemoryMismatch(ILogger logger, long bytes);

    [LoggerMessage(8, LogLevel.Warning, "inference runtime: {Text}")]
    public static partial void RuntimeWarning(ILogger logger, string text);

    [LoggerMessage(9, LogLevel.Information, "configuration reloaded: {Serving} models serve, {Refused} refused")]
    public static partial void Reloaded(ILogger logger, int serving, int refused);

    [LoggerMessage(10, LogLevel.Error, "reload refused, the configuration stays as it was: {Reason}")]
    public static partial void ReloadRefused(ILogger logger, string reason);

    [LoggerMessage(11, LogLevel.Information, "log level is {Level} now")]
    public static partial void LevelChanged(ILogger logger, string level);

    [LoggerMessage(12, LogLevel.Warning, "draining on request: no new inference is taken, what runs finishes")]
    public static partial void Drains(ILogger logger);

    [LoggerMessage(13, LogLevel.Information, "draining ended: inference is taken again")]
    public static partial void DrainEnded(ILogger logger);

    [LoggerMessage(14, LogLevel.Information, "the penalty of {Caller} was lifted by {Tenant}")]
    public static partial void PenaltyLifted(ILogger logger, string caller, string tenant);

    [LoggerMessage(17, LogLevel.Warning, "a reload is still under way; the daemon stops without it")]
    public static partial void ReloadOutlasts(ILogger logger);

    [LoggerMessage(15, LogLevel.Error, "a reload broke off; what was applied until then counts")]
    public static partial void ReloadBroke(ILogger logger, Exception exception);

    [LoggerMessage(16, LogLevel.Information, "reload on {Cause}")]
    public static partial void Reloading(ILogger logger, string cause);

    [LoggerMessage(19, LogLevel.Warning, "model {Name} goes out of service: release {Digest} is not taken any more, or its folder is gone")]
    public static partial void ModelWithdrawn(ILogger logger, string name, string digest);

    [LoggerMessage(18, LogLevel.Information, "model {Name}: every request has a run of its own, although its release allows batches: {Reason}")]
    public static partial void BatchingOff(ILogger logger, string name, string reason);

    [LoggerMessage(20, LogLevel.Information, "model {Name} version {Version} sequence {Sequence} serves: release {Digest}, signed by {Keys}")]
    public static partial void ModelServes(ILogger logger, string name, string version, long sequence, string digest, string keys);

    [LoggerMessage(21, LogLevel.Error, "bundle {Folder} refused: {Reason}")]
    public static partial void BundleRefused(ILogger logger, string folder, string reason);

    [LoggerMessage(22, LogLevel.Warning, "bundle {Folder}: signature {File} does not count: {Reason}")]
    public static partial void SignatureIgnored(ILogger logger, string folder, string file, string reason);

    [LoggerMessage(23, LogLevel.Error, "no bundle can be judged: {Reason}")]
    public static partial void HistoryUnusable(ILogger logger, string reason);

    [LoggerMessage(24, LogLevel.Warning, "the clock shows {Clock:u}, but {Floor:u} has passed already: it is unset or was set back; expiry is judged by the latter")]
    public static partial void ClockIsBehind(ILogger logger, DateTimeOffset clock, DateTimeOffset floor);

    [LoggerMessage(25, LogLevel.Warning, "model {Name} serves although it, or the trust policy, has expired: it was in service before (expired_releases of the trust policy)")]
    public static partial void ModelExpired(ILogger logger, string name);

    [LoggerMessage(26, LogLevel.Warning, "bundle {Folder}: {File}: {Finding}")]
    public static partial void InspectionWarning(ILogger logger, string folder, string file, string finding);

    [LoggerMessage(27, LogLevel.Information, "model {Name} loaded in a child first: {Seconds} s, {PeakBytes} bytes, {SelfTests} self-tests passed")]
    public static partial void Probed(ILogger logger, string name, double seconds, long peakBytes, int selfTests);

    [LoggerMessage(28, LogLevel.Warning, "the probe's report of {Name} was not kept, so it will be probed again: {Reason}")]
    public static partial void ProbeNotKept(ILogger logger, string name, string reason);

    [LoggerMessage(37, LogLevel.Error, "member {Member} of model {Model} failed: {Detail} ({LeftOut} failures before this one were not written)")]
    public static partial void MemberFailed(ILogger logger, string model, string member, string detail, long leftOut);

    [LoggerMessage(33, LogLevel.Error, "the release history could not be written, so nothing new serves and no security floor was raised: {Reason}")]
    public static partial void HistoryNotWritten(ILogger logger, string reason);

    [LoggerMessage(34, LogLevel.Error, "bundle {Folder} could not be judged")]
    public static partial void BundleBroke(ILogger logger, string folder, Exception exception);

    [LoggerMessage(32, LogLevel.Warning, "model {Name} was probed under limits alone: the kernel, or the sandbox around edged, has no filters of system calls")]
    public static partial void ProbeUnfiltered(ILogger logger, string name);

    [LoggerMessage(29, LogLevel.Warning, "probe.run is \"never\": the daemon itself is the first to load what is signed")]
    public static partial void NeverProbes(ILogger logger);

    [LoggerMessage(30, LogLevel.Warning, "request {Id} of {Caller} refused: {Refusal}: {Detail}")]
    public static partial void RequestRefused(ILogger logger, string id, string caller, Refusal refusal, string detail);

    [LoggerMessage(35, LogLevel.Warning, "{Count} more refused requests of {Caller} were not written: a line for each would fill the log")]
    public static partial void RefusalsNotWritten(ILogger logger, long count, string caller);

    [LoggerMessage(36, LogLevel.Warning, "{Caller} is outside until {Until:u}, for the {Times}. time: {After} refusals within {Window} s, the last {Reason}")]
    public static partial void PenaltyBegins(ILogger logger, string caller, DateTimeOffset until, int times, int after, double window, string reason);

    [LoggerMessage(31, LogLevel.Error, "request {Id} of {Caller} failed: {Refusal}: {Detail}")]
    public static partial void RequestFailed(ILogger logger, string id, string caller, Refusal refusal, string detail, Exception? exception);

    [LoggerMessage(38, LogLevel.Warning, "request {Id} of {Caller} refused: {Refusal}: {Detail}")]
    public static partial void AccessRefused(ILogger logger, string id, string caller, Refusal refusal, string detail);

    [LoggerMessage(40, LogLevel.Warning, "listener {Listener}: connection from {Source} turned away: {Outcome}: {Reason}")]
    public static partial void ConnectionTurnedAway(ILogger logger, string listener, IPEndPoint source, HandshakeOutcome outcome, string reason);

    [LoggerMessage(41, LogLevel.Warning, "{Count} more connections were turned away, without a line each: there were too many at once")]
    public static partial void ConnectionsLeftOut(ILogger logger, long count);

    [LoggerMessage(42, LogLevel.Error, "{Problem}")]
    public static partial void MaterialOutOfDate(ILogger logger, string problem);

    [LoggerMessage(43, LogLevel.Warning, "listener {Listener}: a connection could not be taken in: {Reason} (and {Count} more since the last line)")]
    public static partial void ConnectionNotTakenIn(ILogger logger, string listener, string reason, long count);

    [LoggerMessage(44, LogLevel.Critical, "ALARM: EDGED_UNSAFE_KEEP_MEMORY=1: memory is not cleared between tenants, any of them may come to hold another's bytes. This is a switch for tests: take it out of the environment, and start again")]
    public static partial void MemoryKept(ILogger logger);

    [LoggerMessage(45, LogLevel.Information, "in force: {File}, sha256 {Digest}; trust policy version {TrustVersion}, sha256 {TrustDigest}")]
    public static partial void PolicyInForce(ILogger logger, string file, string digest, long trustVersion, string trustDigest);

    [LoggerMessage(60, LogLevel.Warning, "connection of unix:{User} (process {Process}) cut: data came from unix:{Sender} (process {SenderProcess}); a connection is not handed on to another user")]
    public static partial void SenderIsAnother(ILogger logger, uint user, int process, uint sender, int senderProcess);

    [LoggerMessage(61, LogLevel.Warning, "connection of unix:{User} cut: it sent open files, which nothing here takes")]
    public static partial void DescriptorsSent(ILogger logger, uint user);

    [LoggerMessage(62, LogLevel.Warning, "the device's accounts have changed, and a caller is nobody until it is mended: {Reason}")]
    public static partial void AccountGone(ILogger logger, string reason);

    [LoggerMessage(110, LogLevel.Critical, "model {Name}: a run did not end within {Seconds} s of being told to, and its lane is lost: {Consequence}. {Missing} of its lanes hang. The model should be taken out of service")]
    public static partial void LaneLost(ILogger logger, string name, double seconds, int missing, string consequence);

    [LoggerMessage(111, LogLevel.Warning, "model {Name}: a run that was given up has come back, its memory is free again; {Missing} still hang")]
    public static partial void LaneReturned(ILogger logger, string name, int missing);

    [LoggerMessage(112, LogLevel.Error, "the watch over runs broke over one of them")]
    public static partial void WatchBroke(ILogger logger, Exception exception);

    [LoggerMessage(113, LogLevel.Information, "model {Name}: {Lanes} lanes of {Threads} threads, {Sessions}: {Reason}{Figures}")]
    public static partial void ModelLaidOut(ILogger logger, string name, int lanes, int threads, string sessions, string reason, string figures);

    [LoggerMessage(130, LogLevel.Information, "audit checkpoint: {Size} records, root {Root}, epoch {Epoch} of {Origin}")]
    public static partial void AuditCheckpoint(ILogger logger, long size, string root, long epoch, string origin);

    [LoggerMessage(131, LogLevel.Error, "audit log: {State}, requests are {Consequence}: {Reason}")]
    public static partial void AuditState(ILogger logger, string state, string consequence, string reason);

    [LoggerMessage(138, LogLevel.Information, "audit log: {State}")]
    public static partial void AuditAsItShouldBe(ILogger logger, string state);

    [LoggerMessage(132, LogLevel.Error, "audit log: {Count} records were not taken since the last line ({Cause})")]
    public static partial void AuditDropped(ILogger logger, long count, string cause);

    [LoggerMessage(133, LogLevel.Information, "audit log {Origin} in {Folder}: {Size} records, epoch {Epoch}")]
    public static partial void AuditInForce(ILogger logger, string origin, string folder, long size, long epoch);

    [LoggerMessage(134, LogLevel.Warning, "audit.enabled is false: nothing that is decided is recorded")]
    public static partial void AuditOff(ILogger logger);

    [LoggerMessage(135, LogLevel.Error, "audit log: {Reason}")]
    public static partial void AuditSegmentAbandoned(ILogger logger, string reason);

    [LoggerMessage(136, LogLevel.Error, "audit log: {Reason}")]
    public static partial void AuditDiskStalled(ILogger logger, string reason);

    [LoggerMessage(137, LogLevel.Warning, "audit log: {Reason}")]
    public static partial void AuditQuotaNear(ILogger logger, string reason);
}
