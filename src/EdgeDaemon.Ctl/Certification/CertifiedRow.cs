using System.Globalization;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>
/// What became of one image in one series: a line of results.csv. Models' names have no character that needs quotes, and there is no other text, so that a
/// hostile label can neither break a line nor become a formula in somebody's spreadsheet.
/// </summary>
/// <param name="Image">Its place in the data, from 0.</param>
/// <param name="Label">The true class.</param>
/// <param name="Class">The class that was certified; -1 when the answer was an abstention.</param>
/// <param name="Radius">Certified, in units of the tensor that receives the noise; 0 for an abstention.</param>
/// <param name="InputRadius">The same in units of the input as it was sent.</param>
/// <param name="Samples">All that were used, those that choose the class included.</param>
/// <param name="Stopped">The daemon's word for why no more were drawn.</param>
/// <param name="Milliseconds">From request to answer.</param>
internal sealed record CertifiedRow(
    CertifiedSeries Series, int Image, int Label, int Class, double Radius, double InputRadius, int Samples, string Stopped, double Milliseconds)
{
    public const string Head = "model,sigma,image,label,class,radius,input_radius,samples,stopped,milliseconds";

    private const int Columns = 10;

    public bool Abstained => Class < 0;

    /// <summary>The class is the true one.</summary>
    public bool Right => Class == Label;

    /// <summary>One line without its end.</summary>
    public string ToLine() => string.Create(
        CultureInfo.InvariantCulture, $"{Series.Model},{Series.SigmaText},{Image},{Label},{Class},{Radius:R},{InputRadius:R},{Samples},{Stopped},{Milliseconds:0.000}");

    /// <summary>Null for a line that <see cref="ToLine"/> does not write.</summary>
    public static CertifiedRow? Parse(string line)
    {
        string[] cells = line.Split(',');
        return cells.Length == Columns
            && ModelName.Fault(cells[0]) is null
            && Number(cells[1], out double sigma) && sigma > 0
            && Whole(cells[2], 0, out int image)
            && Whole(cells[3], 0, out int label)
            && Whole(cells[4], -1, out int chosen)
            && Number(cells[5], out double radius)
            && Number(cells[6], out double inputRadius)
            && Whole(cells[7], 0, out int samples)
            && IsWord(cells[8])
            && Number(cells[9], out double milliseconds)
                ? new CertifiedRow(new CertifiedSeries(cells[0], sigma), image, label, chosen, radius, inputRadius, samples, cells[8], milliseconds)
                : null;
    }

    /// <summary>Small letters and underscores: whatever a daemon says, a cell of the file stays one.</summary>
    public static bool IsWord(string text) => text.Length is > 0 and <= 32 && text.All(letter => char.IsAsciiLetterLower(letter) || letter == '_');

    private static bool Number(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value) && double.IsFinite(value) && value >= 0;

    private static bool Whole(string text, int least, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= least;
}
