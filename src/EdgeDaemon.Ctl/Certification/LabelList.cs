using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>The true classes of a data set: one a line, each a class's number or its name in the model.</summary>
internal sealed class LabelList
{
    public const int MaxBytes = 64 << 20;

    private readonly string[] _lines;
    private readonly string _file;

    private LabelList(string[] lines, string file)
    {
        _lines = lines;
        _file = file;
    }

    public int Count => _lines.Length;

    /// <exception cref="CtlException">Not UTF-8.</exception>
    public static LabelList Read(byte[] utf8, string file)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException error)
        {
            throw new CtlException($"{file} is not UTF-8; labels are one class a line, its number or its name", error);
        }

        string[] lines = text.Split('\n');
        return new LabelList(lines[^1].Length == 0 ? lines[..^1] : lines, file);
    }

    /// <summary>As numbers of classes.</summary>
    /// <param name="names">Of the model's classes in order; empty when it declares none.</param>
    /// <exception cref="CtlException">A line is neither.</exception>
    public ImmutableArray<int> Classes(ImmutableArray<string> names)
    {
        var classes = ImmutableArray.CreateBuilder<int>(_lines.Length);
        for (int i = 0; i < _lines.Length; i++)
        {
            string line = _lines[i].TrimEnd('\r').Trim();

            // A name that is a number, as the digits' may be, is that class's number wherever both mean the same; else the name counts.
            int at = names.IndexOf(line);
            if (at < 0 && (!int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out at) || (names.Length > 0 && at >= names.Length)))
            {
                throw new CtlException($"{_file}:{i + 1}:1: '{Printable.Of(line)}' is no class of the model: give its number{(names.IsEmpty ? "" : $", 0 to {names.Length - 1}, or its name")}");
            }

            classes.Add(at);
        }

        return classes.MoveToImmutable();
    }
}
