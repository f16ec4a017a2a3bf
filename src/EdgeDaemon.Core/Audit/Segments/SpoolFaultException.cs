namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>Ends a verification at the first place that does not hold; never leaves <see cref="SpoolVerifier"/>.</summary>
internal sealed class SpoolFaultException(SpoolFault fault) : Exception(fault.ToString())
{
    public SpoolFault Fault => fault;
}
