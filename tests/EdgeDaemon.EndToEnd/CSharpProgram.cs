namespace EdgeDaemon.EndToEnd;

/// <summary>A C# program out of a text, compiled by the SDK's compiler against this test program's client library, and nothing else of the house.</summary>
internal sealed record CSharpProgram(string Path)
{
    // What a project with ImplicitUsings has without saying so.
    private const string Implicit = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <param name="text">Of a whole program.</param>
    /// <param name="folder">Where it may write.</param>
    public static CSharpProgram Compile(string text, string folder)
    {
        string At(string name) => System.IO.Path.Combine(folder, name);
        string own = AppContext.BaseDirectory;
        foreach (string library in (string[])["EdgeDaemon.Client.dll", "EdgeDaemon.Core.dll"])
        {
            File.Copy(System.IO.Path.Combine(own, library), At(library));
        }

        File.Copy(System.IO.Path.Combine(own, "EdgeDaemon.EndToEnd.runtimeconfig.json"), At("ask.runtimeconfig.json"));
        File.WriteAllText(At("Implicit.cs"), Implicit);
        File.WriteAllText(At("ask.cs"), text);
        string framework = System.IO.Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string[] references =
        [
            .. Directory.GetFiles(framework, "System*.dll").Select(Reference),
            .. Directory.GetFiles(folder, "*.dll").Select(Reference),
        ];
        File.WriteAllLines(At("ask.rsp"), ["-nologo", "-nullable", "-target:exe", $"-out:\"{At("ask.dll")}\"", .. references, $"\"{At("ask.cs")}\"", $"\"{At("Implicit.cs")}\""]);
        Command.Run("dotnet", Compiler(), $"@{At("ask.rsp")}").Succeeded();
        return new CSharpProgram(At("ask.dll"));
    }

    private static string Reference(string file) => $"-r:\"{file}\"";

    /// <summary>Of the newest SDK; a line of the list is "10.0.100 [/usr/share/dotnet/sdk]".</summary>
    private static string Compiler()
    {
        string newest = Command.Run("dotnet", "--list-sdks").Succeeded().Output.TrimEnd().Split('\n')[^1];
        string[] words = newest.Split(' ', 2);
        return System.IO.Path.Combine(words[1].Trim('[', ']'), words[0], "Roslyn", "bincore", "csc.dll");
    }
}
