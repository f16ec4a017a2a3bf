using System.Collections.Immutable;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>A second factor: JSON Web Tokens (RFC 7519) signed with ES256, which some roles demand of every caller.</summary>
public sealed record TokenSettings
{
    private const int MostKeys = 16;

    private TokenSettings()
    {
    }

    /// <summary>What a token must name as its audience: this device or its fleet.</summary>
    public required string Audience { get; init; }

    /// <summary>What a token must name as its issuer; null: not looked at.</summary>
    public required string? Issuer { get; init; }

    public required Roles RequiredFor { get; init; }

    /// <summary>Longest time from issue to expiry.</summary>
    public required TimeSpan LongestLife { get; init; }

    /// <summary>How far the issuer's clock may be off.</summary>
    public required TimeSpan Skew { get; init; }

    /// <summary>At least one; ids unique.</summary>
    public required ImmutableArray<TokenKeySettings> Keys { get; init; }

    internal static TokenSettings? Read(TomlSection root)
    {
        ImmutableArray<TokenKeySettings> keys = ReadKeys(root);
        if (root.Table("token") is not { } table)
        {
            if (!keys.IsEmpty)
            {
                root.ErrorAt("token_key", "needs [token], which says for whom tokens are meant and which roles need one");
            }

            return null;
        }

        if (keys.IsEmpty)
        {
            table.Error("[token] needs at least one [[token_key]]: nobody could show a valid token");
        }

        return new TokenSettings
        {
            Audience = table.RequiredString("audience", 256, text => text.Length > 0 && !text.Any(char.IsControl) ? null : "must be a name"),
            Issuer = table.OptionalString("issuer", 256, text => text.Length > 0 && !text.Any(char.IsControl) ? null : "must be a name"),
            RequiredFor = RoleWords.Join(table.Choices<Roles>("required_for", [Roles.Fleet, Roles.Admin], RoleWords.All)),
            LongestLife = TimeSpan.FromSeconds(table.Integer("max_seconds", 3600, 1, 86400)),
            Skew = TimeSpan.FromSeconds(table.Integer("skew_seconds", 30, 0, 300)),
            Keys = keys,
        };
    }

    private static ImmutableArray<TokenKeySettings> ReadKeys(TomlSection root)
    {
        var keys = ImmutableArray.CreateBuilder<TokenKeySettings>();
        foreach (TomlSection table in root.Tables("token_key", MostKeys))
        {
            var key = new TokenKeySettings(
                table.RequiredString("id", 128, text => text.Length > 0 && text.All(c => c is > ' ' and < (char)0x7F) ? null : "must be printable ASCII without blanks"),
                table.RequiredString("file", 4096, SettingPaths.CheckMaterial),
                table.Place("file"));
            if (key.Id.Length > 0 && keys.Any(other => other.Id == key.Id))
            {
                table.ErrorAt("id", $"{TomlText.Quote(key.Id)} is the id of an earlier key; ids are unique");
            }

            keys.Add(key);
        }

        return keys.ToImmutable();
    }
}

/// <summary>One key that tokens may be signed with.</summary>
/// <param name="Id">What tokens call it (<c>kid</c>).</param>
/// <param name="File">Of the public key, PEM, P-256.</param>
/// <param name="Place">Where that is said, <c>file:line:column</c>: what is in the file is known only on the device.</param>
public sealed record TokenKeySettings(string Id, string File, string Place);
