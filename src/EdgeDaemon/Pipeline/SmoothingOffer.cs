using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing.Boundaries;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Models;

namespace EdgeDaemon.Pipeline;

/// <summary>What was wished for, within what the release, the device and the tenant allow. Of samples asked for too many are refused; of those nobody asked for, there are as many as may be.</summary>
internal static class SmoothingOffer
{
    /// <param name="wish">The request's.</param>
    /// <param name="model">Null: it offers none.</param>
    /// <param name="inputs">Of the request's batch.</param>
    /// <param name="device">Its limits.</param>
    /// <param name="tenant">Its limits.</param>
    /// <exception cref="RefusedException">It is not to be had.</exception>
    public static SmoothingQuestion Of(SmoothingWish wish, ModelSmoothing? model, long inputs, SmoothingSettings device, TenantSettings tenant)
    {
        if (model is null)
        {
            throw new RefusedException(Refusal.SmoothingNotOffered, "model.toml has no [smoothing]");
        }

        ManifestSmoothing rules = model.Rules;
        double sigma = wish.Sigma ?? (rules.Sigmas is [double only] ? only : throw Sigma(rules, "none is named"));
        RowNoise noise = model.Noise(sigma) ?? throw Sigma(rules, $"{sigma} is asked for");
        double alpha = wish.Alpha ?? rules.Alphas[0];
        if (!(alpha >= rules.Alphas[0] && alpha <= rules.Alphas[^1]))
        {
            throw new RefusedException(Refusal.SmoothingAlphaOutOfRange, $"alpha {alpha} is not between {rules.Alphas[0]} and {rules.Alphas[^1]}");
        }

        SmoothingMode mode = wish.Predicts ? SmoothingMode.Predict : wish.EveryRadius || !wish.Radii.IsEmpty ? SmoothingMode.Sequential : SmoothingMode.Fixed;
        RadiusLadder? ladder = mode == SmoothingMode.Sequential
            ? model.Ladder(sigma, alpha, wish.Radii) ?? throw new RefusedException(Refusal.SmoothingRadiusNotOffered, $"radii {string.Join(',', wish.Radii)}: model.toml offers {string.Join(',', rules.Radii)}, at most {ManifestSmoothing.MostSigmas} sigmas")
            : null;
        int selection = wish.Predicts ? 0 : rules.Selection;
        int samples = Samples(wish.MaxSamples, mode, rules, selection, Share(inputs, device, tenant));

        // A table's level holds, not what was asked: it is that or stricter.
        return new SmoothingQuestion(mode, noise, ladder?.Alpha ?? alpha, ladder, selection, samples);
    }

    /// <summary>How long it may take from its last tensor on.</summary>
    public static TimeSpan Time(SmoothingWish wish, SmoothingSettings device, TenantSettings tenant)
    {
        TimeSpan time = device.MaxTime;
        time = tenant.MaxSmoothingTime > TimeSpan.Zero && tenant.MaxSmoothingTime < time ? tenant.MaxSmoothingTime : time;
        return wish.Time is { } asked && asked < time ? asked : time;
    }

    // What each input may take of what the request may.
    private static long Share(long inputs, SmoothingSettings device, TenantSettings tenant) =>
        (tenant.MaxSmoothingSamples > 0 ? Math.Min(tenant.MaxSmoothingSamples, device.MaxSamples) : device.MaxSamples) / Math.Max(1, inputs);

    private static int Samples(long? asked, SmoothingMode mode, ManifestSmoothing rules, int selection, long share)
    {
        // Between two looks nothing is decided: samples there would be for nothing.
        int period = mode == SmoothingMode.Sequential ? rules.LookPeriod : 1;
        long most = Math.Min(rules.MaxSamples, share - selection);
        if (most < period)
        {
            throw new RefusedException(Refusal.SmoothingLimitsTooFew, $"the limits leave {share} samples for each input, of which {selection} choose; a decision takes {period} beside them");
        }

        long samples = asked ?? Math.Min(most, mode == SmoothingMode.Sequential ? rules.MaxSamples : rules.Samples);
        if (samples > most)
        {
            throw new RefusedException(Refusal.SmoothingSamplesOutOfRange, $"max_samples {asked}: model.toml allows {rules.MaxSamples} beside {selection} that choose, the limits {share} of each input");
        }

        return samples >= period
            ? (int)(samples - (samples % period))
            : throw new RefusedException(Refusal.SmoothingSamplesBelowLook, $"max_samples {asked}: looks are every {period}");
    }

    private static RefusedException Sigma(ManifestSmoothing rules, string what) =>
        new(Refusal.SmoothingSigmaNotOffered, $"{what}; model.toml offers {string.Join(',', rules.Sigmas)}");
}
