namespace EdgeDaemon;

/// <summary>
/// LINQ's projections, without what they cost an executable compiled ahead of time. The framework's can be joined to one another, so each value type
/// that is projected anywhere is compiled against each other one: 4.7 MB of edged, where these take a few kilobytes. Being in the nearer namespace
/// they are found first.
/// </summary>
public static class Sequences
{
    public static IEnumerable<TResult> Select<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, TResult> selector)
    {
        foreach (TSource item in source)
        {
            yield return selector(item);
        }
    }

    public static IEnumerable<TResult> Select<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, int, TResult> selector)
    {
        int index = 0;
        foreach (TSource item in source)
        {
            yield return selector(item, index++);
        }
    }
}
