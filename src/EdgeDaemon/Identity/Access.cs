namespace EdgeDaemon.Identity;

/// <summary>What a route or call asks of its caller. Each has exactly one.</summary>
internal enum Access
{
    /// <summary>No such route: refused before anybody is asked.</summary>
    None = 0,

    /// <summary>Anybody who could connect: whether the daemon is alive and ready, nothing else.</summary>
    Public,

    /// <summary>Role infer, and a grant of the model.</summary>
    Infer,

    /// <summary>Role infer, for what is granted, or observe, for everything: names, shapes, statistics.</summary>
    Describe,

    /// <summary>Role observe.</summary>
    Observe,

    /// <summary>Role fleet.</summary>
    Fleet,

    /// <summary>Role admin.</summary>
    Admin,
}
