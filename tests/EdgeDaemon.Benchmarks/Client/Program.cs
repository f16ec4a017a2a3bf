using EdgeDaemon.Benchmarks.Client;
using EdgeDaemon.Client;

// A program that asks through the C# client library, as its users' programs do: one client object, several calls at a time, buffers used again.
try
{
    Console.WriteLine(await CallRun.MeasureAsync(Arguments.Parse(args)));
    return 0;
}
catch (ArgumentException usage)
{
    Console.Error.WriteLine(usage.Message);
    return 2;
}
catch (Exception failure) when (failure is EdgeClientException or InvalidDataException)
{
    Console.Error.WriteLine($"bench-client: {failure.Message}");
    return 1;
}
