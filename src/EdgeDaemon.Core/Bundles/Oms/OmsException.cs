namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>A signature, a key or a tree that OMS refuses. The message is detail for the operator and the record; it holds no secret.</summary>
public sealed class OmsException : Exception
{
    public OmsException(OmsFault fault, string detail, Exception? cause = null)
        : base(detail, cause) => Fault = fault;

    public OmsFault Fault { get; }
}
