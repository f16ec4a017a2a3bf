using System.Collections.Immutable;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>One door of the daemon: where it is, who may open it and what lies behind. Either a Unix socket or TCP with TLS.</summary>
public sealed record ListenSettings
{
    private const int MostListeners = 16;
    private const int OwnerOnly = 0b110_000_000;

    public required string Name { get; init; }

    /// <summary>What is on without any [[listen]]: two sockets that only the daemon's own user can open.</summary>
    public static ImmutableArray<ListenSettings> Default { get; } =
    [
        new() { Name = "local", UnixPath = "/run/edged/edged.sock", Surfaces = [ListenSurface.Inference] },
        new() { Name = "control", UnixPath = "/run/edged/control.sock", Surfaces = [ListenSurface.Control] },
    ];

    /// <summary>Absolute path of the socket; null when this listener is TCP.</summary>
    public string? UnixPath { get; init; }

    /// <summary>Permissions of the socket.</summary>
    public int Mode { get; init; } = OwnerOnly;

    /// <summary>Null when this listener is a Unix socket.</summary>
    public TcpSettings? Tcp { get; init; }

    public required ImmutableArray<ListenSurface> Surfaces { get; init; }

    public bool ExposesInference => Surfaces.Contains(ListenSurface.Inference);

    public bool ExposesControl => Surfaces.Contains(ListenSurface.Control);

    /// <summary>A socket of the device for those who run it, and for nothing else: no penalty holds there, or nobody could lift his own.</summary>
    public bool IsForOperators => UnixPath is not null && !ExposesInference;

    /// <summary>The place as logs name it.</summary>
    public string Address => UnixPath ?? Tcp!.EndPoint.ToString();

    internal static ImmutableArray<ListenSettings> ReadAll(TomlSection root)
    {
        var listeners = ImmutableArray.CreateBuilder<ListenSettings>();
        if (!root.Has("listen"))
        {
            return Default;
        }

        foreach (TomlSection table in root.Tables("listen", MostListeners, "is empty: a daemon without a listener serves nobody"))
        {
            ListenSettings listener = Read(table);

            // An empty text stands for a missing one, and that error stands already.
            if (listener.Name.Length > 0 && listeners.Any(other => other.Name == listener.Name))
            {
                table.ErrorAt("name", $"{TomlText.Quote(listener.Name)} is the name of an earlier listener; names are unique");
            }

            if (listener.UnixPath is { Length: > 0 } path && listeners.Any(other => other.UnixPath == path))
            {
                table.ErrorAt("unix", $"{TomlText.Quote(path)} is the socket of an earlier listener");
            }

            if (listener.Tcp is { } tcp && listeners.Any(other => other.Tcp is { } earlier && earlier.EndPoint.Equals(tcp.EndPoint)))
            {
                table.ErrorAt("tcp", $"{tcp.EndPoint} is the address of an earlier listener");
            }

            listeners.Add(listener);
        }

        return listeners.ToImmutable();
    }

    private static ListenSettings Read(TomlSection table)
    {
        string name = table.RequiredString("name", 64, text => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? null : "must be letters, digits, '-' and '_'");
        string? unix = table.OptionalString("unix", 4096, SettingPaths.CheckSocket);
        TcpSettings? tcp = TcpSettings.Read(table);
        if (unix is null == tcp is null && table.Has("unix") == table.Has("tcp"))
        {
            table.Error(table.Has("unix") ? "[[listen]] has both 'unix' and 'tcp'; write one entry for each" : "[[listen]] needs 'unix' (a socket's path) or 'tcp' (an address and port)");
        }

        if (tcp is not null && table.Has("mode"))
        {
            table.ErrorAt("mode", "belongs to a Unix socket; who may use a TCP listener is said by 'client_roots' and 'allow_from'");
        }

        return new ListenSettings
        {
            Name = name,
            UnixPath = unix ?? (tcp is null ? "" : null),
            Mode = ReadMode(table),
            Tcp = tcp,
            Surfaces = table.RequiredChoices("exposes", ("inference", ListenSurface.Inference), ("control", ListenSurface.Control)),
        };
    }

    private static int ReadMode(TomlSection table)
    {
        string text = table.String("mode", "0600", 4, value =>
            value.Length is 3 or 4 && value.All(c => c is >= '0' and <= '7') ? null : "must be an octal mode in quotes, like \"0660\"");
        if (text.Length is not (3 or 4) || !text.All(c => c is >= '0' and <= '7'))
        {
            return OwnerOnly;
        }

        int mode = Convert.ToInt32(text, 8);
        if (mode > 0b111_111_111)
        {
            table.ErrorAt("mode", "has bits beyond read, write and execute");
        }
        else if ((mode & 0b111) != 0)
        {
            // Connecting needs write permission: others could be anyone on the device.
            table.ErrorAt("mode", $"\"{text}\" opens the socket to every user of the device; use a group (\"0660\")");
        }

        return mode;
    }
}

/// <summary>What a listener shows.</summary>
public enum ListenSurface
{
    Inference,
    Control,
}
