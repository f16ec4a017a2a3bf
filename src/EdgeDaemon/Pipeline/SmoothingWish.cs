using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// What a request says of its certification, the same on both wires, before anybody has looked whether it may be had. Numbers may come as texts, since not every client can send a
/// fraction; several radii are one text with commas.
/// </summary>
/// <param name="Predicts">The class alone: no radius.</param>
/// <param name="Sigma">Null: the model's only one.</param>
/// <param name="Radii">Growing; empty: as large as a fixed number of samples shows.</param>
/// <param name="EveryRadius">All radii that the model offers.</param>
/// <param name="Alpha">Null: the model's first.</param>
/// <param name="MaxSamples">Of each input; null: the model's.</param>
/// <param name="Time">Null: as long as there is.</param>
/// <param name="Certificate">The answer is to have the certificates.</param>
/// <param name="RevealSeed">And they the seed.</param>
internal sealed record SmoothingWish(
    bool Predicts, double? Sigma, ImmutableArray<double> Radii, bool EveryRadius, double? Alpha, long? MaxSamples, TimeSpan? Time, bool Certificate, bool RevealSeed)
{
    private const int MostRadii = 64;
    private const int LongestNumber = 32;

    /// <summary>Null: nothing is to be certified, and the other parameters are not looked at.</summary>
    /// <exception cref="RefusedException">A parameter is none, or they contradict each other.</exception>
    public static SmoothingWish? Of(InferRequest request)
    {
        if (request.Parameters.IsEmpty || !Asks(request, out bool predicts))
        {
            return null;
        }

        bool one = request.TryGetParameter("radius"u8, out _), several = request.TryGetParameter("radii"u8, out InferParameter ladder);
        if (one && several)
        {
            throw Contradiction("radius and radii are both given");
        }

        bool every = several && ladder.Kind == InferParameterKind.Text && request.ParameterText(ladder).SequenceEqual("all"u8);
        var wish = new SmoothingWish(
            predicts,
            Number(request, "sigma"u8),
            every ? [] : several ? List(request, ladder) : Number(request, "radius"u8) is { } radius ? [radius] : [],
            every,
            Number(request, "alpha"u8),
            Whole(request, "max_samples"u8),
            Whole(request, "time_budget_ms"u8) is { } milliseconds ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue)) : null,
            Flag(request, "certificate"u8),
            Flag(request, "reveal_seed"u8));
        if (wish.MaxSamples <= 0 || wish.Time <= TimeSpan.Zero)
        {
            throw new RefusedException(Refusal.SmoothingNoBudget, $"max_samples {wish.MaxSamples}, time_budget_ms {wish.Time?.TotalMilliseconds}");
        }

        if (predicts && (one || several || wish.Certificate))
        {
            throw Contradiction("certify = \"predict\" has neither a radius nor a certificate");
        }

        return wish.RevealSeed && !wish.Certificate ? throw Contradiction("reveal_seed without certificate") : wish;
    }

    private static bool Asks(InferRequest request, out bool predicts)
    {
        predicts = false;
        if (!request.TryGetParameter("certify"u8, out InferParameter parameter))
        {
            return false;
        }

        switch (parameter.Kind)
        {
            case InferParameterKind.Boolean:
                return parameter.Boolean;
            case InferParameterKind.Text when request.ParameterText(parameter).SequenceEqual("predict"u8):
                predicts = true;
                return true;
            case InferParameterKind.Text when request.ParameterText(parameter).SequenceEqual("certify"u8):
                return true;
            default:
                throw new RefusedException(Refusal.HeadParameterUnsupported, "the parameter certify is neither true, false, \"certify\" nor \"predict\"");
        }
    }

    private static ImmutableArray<double> List(InferRequest request, in InferParameter parameter)
    {
        if (parameter.Kind != InferParameterKind.Text)
        {
            return [Value(request, parameter, "radii")];
        }

        var radii = ImmutableArray.CreateBuilder<double>();
        ReadOnlySpan<byte> rest = request.ParameterText(parameter);
        for (bool more = true; more;)
        {
            int comma = rest.IndexOf((byte)',');
            radii.Add(Parse(comma < 0 ? rest : rest[..comma], "radii"));
            more = comma >= 0;
            rest = rest[(comma + 1)..];
            if (radii.Count > MostRadii)
            {
                throw new RefusedException(Refusal.SmoothingRadiusNotOffered, $"more than {MostRadii} radii");
            }

            if (radii is [.., double before, double last] && !(last > before))
            {
                throw Contradiction("radii do not grow from one to the next");
            }
        }

        return radii.ToImmutable();
    }

    private static double? Number(InferRequest request, ReadOnlySpan<byte> name) =>
        request.TryGetParameter(name, out InferParameter parameter) ? Value(request, parameter, System.Text.Encoding.ASCII.GetString(name)) : null;

    private static double Value(InferRequest request, in InferParameter parameter, string name) => parameter.Kind switch
    {
        InferParameterKind.Integer => parameter.Integer,
        InferParameterKind.UnsignedInteger => parameter.UnsignedInteger,
        InferParameterKind.Real when double.IsFinite(parameter.Real) => parameter.Real,
        InferParameterKind.Text => Parse(request.ParameterText(parameter), name),
        _ => throw NoNumber(name),
    };

    // The framework's reader passes over zeros behind a number.
    private static double Parse(ReadOnlySpan<byte> text, string name) =>
        text.Length <= LongestNumber && !text.Contains((byte)0) && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw NoNumber(name);

    private static long? Whole(InferRequest request, ReadOnlySpan<byte> name)
    {
        if (Number(request, name) is not { } value)
        {
            return null;
        }

        return value == Math.Floor(value) ? (long)Math.Clamp(value, -1, 1L << 52) : throw NoNumber(System.Text.Encoding.ASCII.GetString(name));
    }

    private static bool Flag(InferRequest request, ReadOnlySpan<byte> name) =>
        request.TryGetParameter(name, out InferParameter parameter)
        && (parameter.Kind == InferParameterKind.Boolean ? parameter.Boolean : throw new RefusedException(Refusal.HeadParameterUnsupported, $"the parameter {System.Text.Encoding.ASCII.GetString(name)} is neither true nor false"));

    private static RefusedException NoNumber(string name) => new(Refusal.HeadParameterUnsupported, $"the parameter {name} is no number, or not the kind of number that is needed");

    private static RefusedException Contradiction(string what) => new(Refusal.SmoothingConflict, what);
}
