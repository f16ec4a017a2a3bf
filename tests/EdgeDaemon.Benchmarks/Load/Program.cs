using EdgeDaemon.Benchmarks.Load;

// The load client: a thread and a kept-alive connection for each client, blocking calls, one prepared request sent again and again,
// so that what is measured is the server.
try
{
    Arguments arguments = Arguments.Parse(args);
    byte[] request = PreparedRequest.For(arguments);
    if (arguments.Hold)
    {
        using var held = new HeldConnections(arguments, request);
        Console.WriteLine(await held.RunAsync());
        return 0;
    }

    if (!arguments.Tolerant)
    {
        AnswerCheck.Run(arguments, request);
    }

    using var run = new LoadRun(arguments, request);
    Console.WriteLine(run.Measure());
    return 0;
}
catch (ArgumentException usage)
{
    Console.Error.WriteLine(usage.Message);
    return 2;
}
catch (Exception failure) when (failure is LoadException or IOException or System.Net.Sockets.SocketException)
{
    Console.Error.WriteLine($"bench-load: {failure.Message}");
    return 1;
}
