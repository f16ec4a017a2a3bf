namespace EdgeDaemon.Audit;

/// <summary>A step of a release's life on this device, as records name it.</summary>
internal enum ModelStep
{
    /// <summary>Its files were read; nothing of them is believed yet.</summary>
    Received,

    /// <summary>Its signatures, its manifest and its graphs hold.</summary>
    Verified,

    /// <summary>It serves, and that it does is on the disk.</summary>
    Committed,

    /// <summary>It does not serve.</summary>
    Rejected,

    /// <summary>It was loaded, could not be committed, and what served before goes on.</summary>
    RolledBack,

    /// <summary>It served, and does not any more.</summary>
    Retired,
}
