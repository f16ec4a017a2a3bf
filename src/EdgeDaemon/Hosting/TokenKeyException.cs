using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Hosting;

/// <summary>A key of edged.toml that no token can be judged by; the message is for the operator.</summary>
internal sealed class TokenKeyException(TokenKeySettings key, string message, Exception? cause = null) : Exception($"{key.Place}: [[token_key]] '{key.Id}': {message}", cause);
