namespace EdgeDaemon.Ctl;

/// <summary>What the shell sees; the numbers are promised in every --help.</summary>
internal enum ExitCode
{
    Ok = 0,

    /// <summary>The thing asked for was refused or failed: a bad signature, a model that is not ready, a refused request.</summary>
    Failed = 1,

    /// <summary>The command line makes no sense.</summary>
    Usage = 2,

    /// <summary>No daemon at the socket, or no permission to open it.</summary>
    Unreachable = 3,
}
