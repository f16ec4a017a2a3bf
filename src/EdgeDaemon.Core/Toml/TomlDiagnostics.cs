namespace EdgeDaemon.Core.Toml;

/// <summary>Collects what is wrong in one file, so that its author sees everything at once.</summary>
public sealed class TomlDiagnostics(string file)
{
    /// <summary>More are counted, not kept: a file of a million unknown keys must not become a million messages.</summary>
    public const int Capacity = 100;

    private readonly List<TomlDiagnostic> _found = [];
    private int _unreported;

    /// <summary>Its name, as messages call it.</summary>
    public string File => file;

    public bool Any => _found.Count > 0;

    internal bool IsFull => _found.Count == Capacity;

    /// <param name="position">Where the reader of the message should look.</param>
    /// <param name="message">What is wrong, and what to do. Text from the file goes in quoted by the caller.</param>
    public void Add(TomlPosition position, string message)
    {
        if (IsFull)
        {
            _unreported++;
            return;
        }

        _found.Add(new TomlDiagnostic(file, position.Line, position.Column, message));
    }

    /// <summary>The same in place of whatever was said of that position: only this is to be mended there.</summary>
    public void Replace(TomlPosition position, string message)
    {
        _found.RemoveAll(found => found.Line == position.Line && found.Column == position.Column);
        Add(position, message);
    }

    /// <exception cref="TomlInvalidException">Something was added: the whole list, in the order of the file.</exception>
    public void ThrowIfAny()
    {
        if (Any)
        {
            throw new TomlInvalidException([.. _found.OrderBy(d => d.Line).ThenBy(d => d.Column)], _unreported);
        }
    }
}
