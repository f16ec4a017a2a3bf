namespace EdgeDaemon.Ctl;

/// <summary>A failure with its whole message for the operator: what happened and what to do, in one line.</summary>
internal sealed class CtlException : Exception
{
    public CtlException(string message, Exception? cause = null)
        : this(ExitCode.Failed, message, cause)
    {
    }

    public CtlException(ExitCode code, string message, Exception? cause = null)
        : base(message, cause) => Code = code;

    public ExitCode Code { get; }
}
