using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Listeners;

/// <summary>What is known of a connection before its first request: the door it came through, which decides what it may ask for, and who is at the other end.</summary>
internal sealed record Arrival(ListenSettings Listener, Caller Caller);
