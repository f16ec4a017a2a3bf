namespace EdgeDaemon.Client.Control;

/// <summary>What a reload found and did, or would: <c>POST /control/reload</c>, <c>POST /control/config/check</c>.</summary>
/// <param name="Good">The files can be applied as they are.</param>
/// <param name="Applied">They were.</param>
/// <param name="Errors"><c>file:line:column: what, and what to do</c>.</param>
/// <param name="Restart">Keys that changed and count only from a restart on; then nothing is applied.</param>
/// <param name="ModelsReady">That serve.</param>
/// <param name="ModelsRefused">Bundles that do not.</param>
public sealed record ReloadStatus(bool Good, bool Applied, IReadOnlyList<string> Errors, IReadOnlyList<string> Restart, int ModelsReady, int ModelsRefused);

/// <summary><c>POST /control/drain</c> and <c>undrain</c>.</summary>
/// <param name="Draining">No new inference is taken.</param>
/// <param name="RequestsInFlight">Left to finish.</param>
public sealed record DrainStatus(bool Draining, int RequestsInFlight);

/// <summary><c>GET</c> and <c>PUT /control/log-level</c>: error, warning, info or debug.</summary>
public sealed record LogLevelStatus(string Level);
