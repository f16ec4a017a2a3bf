using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>The held-out digits: P5 images one after the other, each with its truth in a comment.</summary>
internal static class Digits
{
    public const int Pixels = 64;

    private static readonly Lazy<(byte[] Images, int[] Truth)> All = new(Parse);

    public static byte[] Images => All.Value.Images;

    public static int[] Truth => All.Value.Truth;

    /// <summary>A request about <paramref name="count"/> images from <paramref name="first"/> on, as JSON alone.</summary>
    public static byte[] Json(int first, int count, string rest = "")
    {
        string data = string.Join(',', Images.AsSpan(first * Pixels, count * Pixels).ToArray());
        return Encoding.UTF8.GetBytes($$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":[{{count}},1,8,8],"data":[{{data}}]}]{{rest}}}""");
    }

    /// <summary>The same with the pixels behind the JSON, and the whole answer binary.</summary>
    public static byte[] Binary(int first, int count)
    {
        string head = $$$"""
            {"parameters":{"binary_data_output":true},"inputs":[{"name":"image","datatype":"UINT8","shape":[{{{count}}},1,8,8],"parameters":{"binary_data_size":{{{count * Pixels}}}}}]}
            """;
        return Infer("digits", Encoding.UTF8.GetBytes(head), Images.AsSpan(first * Pixels, count * Pixels));
    }

    /// <summary>An infer request with a JSON head and binary tensors behind it.</summary>
    public static byte[] Infer(string model, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tensors) => HttpConnection.Request(
        "POST", $"/v2/models/{model}/infer", [.. head, .. tensors], string.Create(CultureInfo.InvariantCulture, $"Inference-Header-Content-Length: {head.Length}"));

    public static byte[] Infer(string model, ReadOnlySpan<byte> json) => HttpConnection.Request("POST", $"/v2/models/{model}/infer", json);

    public static float[] JsonLogits(HttpAnswer answer) =>
        [.. answer.Json.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(number => float.Parse(number.GetRawText(), CultureInfo.InvariantCulture))];

    public static float[] BinaryLogits(HttpAnswer answer) => MemoryMarshal.Cast<byte, float>(answer.Binary).ToArray();

    private static (byte[] Images, int[] Truth) Parse()
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Installation.Models, "digits", "heldout.pgm"));
        var images = new List<byte>();
        var truth = new List<int>();
        int at = 0;
        while (at < file.Length)
        {
            Assert.AreEqual("P5", Line());
            string label = Line();
            StringAssert.StartsWith(label, "# label ");
            truth.Add(int.Parse(label["# label ".Length..], CultureInfo.InvariantCulture));
            Assert.AreEqual("8 8", Line());
            Assert.AreEqual("255", Line());
            images.AddRange(file.AsSpan(at, Pixels));
            at += Pixels;
        }

        return ([.. images], [.. truth]);

        string Line()
        {
            int end = Array.IndexOf(file, (byte)'\n', at);
            string line = Encoding.ASCII.GetString(file, at, end - at);
            at = end + 1;
            return line;
        }
    }
}
