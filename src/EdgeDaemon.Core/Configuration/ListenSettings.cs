using System.Collections.Immutable;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>One door of the daemon: where it is, who may open it and what lies behind.</summary>
public sealed record ListenSettings(string Name, string UnixPath, int Mode, ImmutableArray<ListenSurface> Surfaces)
{
    private const int MostListeners = 16;
    private const int OwnerOnly = 0b110_000_000;

    /// <summary>What is on without any [[listen]]: two sockets that only the daemon's own user can open.</summary>
    public static ImmutableArray<ListenSettings> Default { get; } =
    [
        new("local", "/run/edged/edged.sock", OwnerOnly, [ListenSurface.Inference]),
        new("control", "/run/edged/control.sock", OwnerOnly, [ListenSurface.Control]),
    ];

    public bool ExposesInference => Surfaces.Contains(ListenSurface.Inference);

    public bool ExposesControl => Surfaces.Contains(ListenSurface.Control);

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

            if (listener.UnixPath.Length > 0 && listeners.Any(other => other.UnixPath == listener.UnixPath))
            {
                table.ErrorAt("unix", $"{TomlText.Quote(listener.UnixPath)} is the socket of an earlier listener");
            }

            listeners.Add(listener);
        }

        return listeners.ToImmutable();
    }

    private static ListenSettings Read(TomlSection table)
    {
        string name = table.RequiredString("name", 64, text => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? null : "must be letters, digits, '-' and '_'");
        string unix = table.RequiredString("unix", 4096, SettingPaths.CheckSocket);
        ImmutableArray<ListenSurface> surfaces = table.RequiredChoices("exposes", ("inference", ListenSurface.Inference), ("control", ListenSurface.Control));
        int mode = OwnerOnly;
        string text = table.String("mode", "0600", 4, value =>
            value.Length is 3 or 4 && value.All(c => c is >= '0' and <= '7') ? null : "must be an octal mode in quotes, like \"0660\"");
        if (text.Length is 3 or 4 && text.All(c => c is >= '0' and <= '7'))
        {
            mode = Convert.ToInt32(text, 8);
            if (mode > 0b111_111_111)
            {
                table.ErrorAt("mode", "has bits beyond read, write and execute");
            }
            else if ((mode & 0b111) != 0)
            {
                // Connecting needs write permission: others could be anyone on the device.
                table.ErrorAt("mode", $"\"{text}\" opens the socket to every user of the device; use a group (\"0660\")");
            }
            else if (surfaces.Contains(ListenSurface.Control) && (mode & 0b111_111) != 0)
            {
                table.ErrorAt("mode", $"\"{text}\" opens control to a group; a listener that exposes control has mode \"0600\"");
            }
        }

        return new ListenSettings(name, unix, mode, surfaces);
    }
}

/// <summary>What a listener shows.</summary>
public enum ListenSurface
{
    Inference,
    Control,
}
