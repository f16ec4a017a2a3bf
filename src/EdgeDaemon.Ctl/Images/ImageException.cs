namespace EdgeDaemon.Ctl.Images;

/// <summary>A picture that cannot be read or does not fit the model; the message says what to do.</summary>
internal sealed class ImageException : Exception
{
    public ImageException(string message)
        : base(message)
    {
    }

    public ImageException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
