using EdgeDaemon.Ctl;

namespace EdgeDaemon.Tests.Ctl;

/// <summary>One run of edgectl: what it printed and its exit code.</summary>
internal sealed record ToolRun(int Code, string Output, string Error)
{
    public static ToolRun Of(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = EdgeCtl.Run(args, output, error);
        return new ToolRun(code, output.ToString(), error.ToString());
    }

    /// <summary>The law of failures: that code, nothing on stdout, one line on stderr that starts with the program's name.</summary>
    public ToolRun Failed(int code, params string[] words)
    {
        Assert.AreEqual(code, Code, Error);
        Assert.AreEqual("", Output);
        StringAssert.StartsWith(Error, "edgectl: ");
        Assert.AreEqual(Error.Length - 1, Error.IndexOf('\n'), Error);
        foreach (string word in words)
        {
            StringAssert.Contains(Error, word);
        }

        return this;
    }

    public ToolRun Succeeded()
    {
        Assert.AreEqual((0, ""), (Code, Error), Error);
        return this;
    }
}
