namespace EdgeDaemon.Core.Bundles;

/// <summary>One way to spread a model's runs over the cores, as it was measured with every lane busy.</summary>
/// <param name="Lanes">Runs at once.</param>
/// <param name="Threads">For one operator.</param>
/// <param name="SessionPerLane">Each lane had a session of its own.</param>
/// <param name="RunsPerSecond">Of all lanes together.</param>
public sealed record ProbedLayout(int Lanes, int Threads, bool SessionPerLane, double RunsPerSecond);
