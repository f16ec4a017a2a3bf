using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>An option whose value is a number within bounds; anything else is a usage error that names the bounds.</summary>
internal static class NumberOption
{
    public static Option<T> Create<T>(string name, string description, string helpName, T least, T most, T usual)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = argument =>
            {
                if (T.TryParse(argument.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out T value) && value >= least && value <= most)
                {
                    return value;
                }

                argument.AddError($"{name} '{argument.Tokens[0].Value}' is not a number from {least} to {most}.");
                return usual;
            },
            DefaultValueFactory = _ => usual,
        };
}
