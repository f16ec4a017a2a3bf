using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Answers;

/// <summary>Columns of text as wide as their widest cell; every cell made fit for a terminal.</summary>
internal sealed class TextTable(params string[] head)
{
    private readonly List<string[]> _rows = [head];

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(cell => Printable.Of(cell))]);

    public void Write(TextWriter output)
    {
        int[] widths = new int[head.Length];
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        foreach (string[] row in _rows)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
