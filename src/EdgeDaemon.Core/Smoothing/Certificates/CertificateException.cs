namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>What is no robustness certificate; the message is <c>file:line:column: what, and what to do</c>.</summary>
public sealed class CertificateException(string message, Exception? cause = null) : Exception(message, cause);
