using System.Diagnostics.CodeAnalysis;

namespace EdgeDaemon.Native.Onnx;

/// <summary>Free blocks of one size: a fixed number of places, each taken and filled by one atomic exchange, the warmest first.</summary>
internal sealed class TensorBlockShelf
{
    private const int Places = 64;

    private readonly TensorBlock?[] _places = new TensorBlock?[Places];
    private int _top; // Where to look first; a race makes the search longer, never wrong.

    public bool TryTake([NotNullWhen(true)] out TensorBlock? block)
    {
        int top = Volatile.Read(ref _top);
        for (int i = 1; i <= Places; i++)
        {
            int place = (top - i) & (Places - 1);
            if (Volatile.Read(ref _places[place]) is not null && Interlocked.Exchange(ref _places[place], null) is { } found)
            {
                Volatile.Write(ref _top, place);
                block = found;
                return true;
            }
        }

        block = null;
        return false;
    }

    public bool TryPut(TensorBlock block)
    {
        int top = Volatile.Read(ref _top);
        for (int i = 0; i < Places; i++)
        {
            int place = (top + i) & (Places - 1);
            if (Volatile.Read(ref _places[place]) is null && Interlocked.CompareExchange(ref _places[place], block, null) is null)
            {
                Volatile.Write(ref _top, (place + 1) & (Places - 1));
                return true;
            }
        }

        return false;
    }
}
