using System.Text;

namespace EdgeDaemon.Core.Protocol;

public enum RestRouteKind
{
    None = 0,
    ServerLive,
    ServerReady,
    ServerMetadata,
    ModelReady,
    ModelMetadata,
    ModelConfig,
    ModelInfer,
    ModelStatistics,
    AllStatistics,
    RepositoryIndex,
}

/// <summary>What a request's path names. Holds pieces of the path: nothing is allocated unless a name was percent-encoded.</summary>
public readonly struct RestRoute
{
    /// <summary>Characters of a model's name, <c>[A-Za-z0-9_.-]</c>, the first no dot.</summary>
    public const int MaxModelName = 64;

    private const int MaxVersion = 19;

    private RestRoute(RestRouteKind kind, ReadOnlyMemory<char> model = default, ReadOnlyMemory<char> version = default)
    {
        Kind = kind;
        Model = model;
        Version = version;
    }

    public RestRouteKind Kind { get; }

    /// <summary>Empty for server routes; else a name that a model can have.</summary>
    public ReadOnlyMemory<char> Model { get; }

    /// <summary>1 to 19 digits as they were sent; empty when the path names none.</summary>
    public ReadOnlyMemory<char> Version { get; }

    /// <summary>The one method that the route answers to.</summary>
    public string Method => Kind is RestRouteKind.ModelInfer or RestRouteKind.RepositoryIndex ? "POST" : "GET";

    /// <summary>Matches a path as it was sent (HTTP's raw target, still percent-encoded; a query behind <c>?</c> is cut off).</summary>
    /// <returns>False for every path that is not exactly one of the protocol's: no trailing slash, no empty segment, no alias.</returns>
    public static bool TryParse(string target, out RestRoute route)
    {
        route = default;
        int query = target.IndexOf('?', StringComparison.Ordinal);
        ReadOnlyMemory<char> path = query < 0 ? target.AsMemory() : target.AsMemory(0, query);
        RestRouteKind server = path.Span switch
        {
            "/v2" => RestRouteKind.ServerMetadata,
            "/v2/health/live" => RestRouteKind.ServerLive,
            "/v2/health/ready" => RestRouteKind.ServerReady,
            "/v2/repository/index" => RestRouteKind.RepositoryIndex,
            "/v2/models/stats" => RestRouteKind.AllStatistics, // Never a model of that name.
            _ => RestRouteKind.None,
        };
        if (server != RestRouteKind.None)
        {
            route = new RestRoute(server);
            return true;
        }

        const string Models = "/v2/models/";
        return path.Span.StartsWith(Models) && TryParseModel(path[Models.Length..], out route);
    }

    private static bool TryParseModel(ReadOnlyMemory<char> path, out RestRoute route)
    {
        route = default;
        ReadOnlyMemory<char> name = TakeSegment(ref path);
        if (!TryDecodeName(name, out ReadOnlyMemory<char> model))
        {
            return false;
        }

        const string Versions = "/versions/";
        ReadOnlyMemory<char> version = default;
        if (path.Span.StartsWith(Versions))
        {
            path = path[Versions.Length..];
            version = TakeSegment(ref path);
            if (!IsVersion(version.Span))
            {
                return false;
            }
        }

        RestRouteKind kind = path.Span switch
        {
            "" => RestRouteKind.ModelMetadata,
            "/ready" => RestRouteKind.ModelReady,
            "/config" => RestRouteKind.ModelConfig,
            "/infer" => RestRouteKind.ModelInfer,
            "/stats" => RestRouteKind.ModelStatistics,
            _ => RestRouteKind.None,
        };

        if (kind == RestRouteKind.None)
        {
            return false;
        }

        route = new RestRoute(kind, model, version);
        return true;
    }

    /// <summary>Takes everything before the next slash, which stays.</summary>
    private static ReadOnlyMemory<char> TakeSegment(ref ReadOnlyMemory<char> path)
    {
        int slash = path.Span.IndexOf('/');
        int length = slash < 0 ? path.Length : slash;
        ReadOnlyMemory<char> segment = path[..length];
        path = path[length..];
        return segment;
    }

    /// <summary>
    /// Decodes once, strictly; false unless the result is a name that a model can have. A decoded slash, NUL, dot-dot
    /// or second percent sign is thereby no name, whatever it would mean to a file system (CVE-2023-31036).
    /// </summary>
    private static bool TryDecodeName(ReadOnlyMemory<char> segment, out ReadOnlyMemory<char> name)
    {
        name = segment;
        if (segment.Span.Contains('%'))
        {
            if (segment.Length > 3 * MaxModelName)
            {
                return false;
            }

            var decoded = new StringBuilder(segment.Length);
            ReadOnlySpan<char> rest = segment.Span;
            while (!rest.IsEmpty)
            {
                if (rest[0] != '%')
                {
                    decoded.Append(rest[0]);
                    rest = rest[1..];
                    continue;
                }

                if (rest.Length < 3 || !char.IsAsciiHexDigit(rest[1]) || !char.IsAsciiHexDigit(rest[2]))
                {
                    return false;
                }

                decoded.Append((char)Convert.FromHexString(rest.Slice(1, 2))[0]);
                rest = rest[3..];
            }

            name = decoded.ToString().AsMemory();
        }

        return IsModelName(name.Span);
    }

    /// <summary>Whether a version can be one: 1 to 19 ASCII digits.</summary>
    public static bool IsVersion(ReadOnlySpan<char> version)
    {
        foreach (char c in version)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }
        }

        return version.Length is > 0 and <= MaxVersion;
    }

    /// <summary>Whether a model can have this name.</summary>
    public static bool IsModelName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxModelName || name[0] == '.')
        {
            return false;
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return true;
    }
}
