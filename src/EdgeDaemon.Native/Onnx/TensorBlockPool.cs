using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Native.Onnx;

/// <summary>
/// Tensor memory within one budget, for all threads, without a lock. Sizes up to 16 MiB are rounded up to powers of two and
/// kept for the next request, at most 32 MiB in all; larger ones go back to the system at once.
/// </summary>
/// <param name="budget">Bytes that may be rented at the same time, after rounding.</param>
public sealed class TensorBlockPool(long budget) : IDisposable
{
    private const int SmallestShift = 10;
    private const int LargestShift = 24;
    private const int PageBytes = 4096;
    private const long KeptAtMost = 32L << 20;

    private readonly TensorBlockShelf[] _shelves = [.. Enumerable.Range(0, LargestShift - SmallestShift + 1).Select(_ => new TensorBlockShelf())];
    private long _inUse;
    private long _kept;
    private volatile bool _disposed;

    /// <summary>Bytes that may be rented at the same time.</summary>
    public long Budget => budget;

    /// <summary>Bytes rented now, rounded.</summary>
    public long InUse => Interlocked.Read(ref _inUse);

    /// <summary>Bytes kept for the next requests.</summary>
    public long Kept => Interlocked.Read(ref _kept);

    /// <summary>A block of zeroes on nobody's account; the caller returns it. False when the budget would be exceeded, or beyond 2^31-1 bytes.</summary>
    public bool TryRent(long bytes, [NotNullWhen(true)] out TensorBlock? block) => TryRent(bytes, null, out block);

    /// <summary>A block of zeroes on somebody's account; the caller returns it.</summary>
    /// <exception cref="RefusedException">There is not so much left, on the account or of the budget.</exception>
    public TensorBlock Rent(long bytes, TensorAccount? account) => TryRent(bytes, account, out TensorBlock? block)
        ? block
        : throw account?.Refused(bytes) ?? new RefusedException(Refusal.AdmissionMemory, $"no {bytes} bytes left of max_tensor_bytes");

    /// <summary>A block of zeroes; the caller returns it. False when account or budget would be exceeded, or beyond 2^31-1 bytes.</summary>
    public bool TryRent(long bytes, TensorAccount? account, [NotNullWhen(true)] out TensorBlock? block)
    {
        block = null;
        if (bytes is < 0 or > int.MaxValue)
        {
            return false;
        }

        int shelf = ShelfOf(bytes);
        long capacity = shelf < _shelves.Length
            ? 1L << (shelf + SmallestShift)
            : Math.Min((bytes + PageBytes - 1) / PageBytes * PageBytes, int.MaxValue);
        if (account?.TryCharge(capacity) == false)
        {
            return false;
        }

        if (!TryTakeFromBudget(capacity))
        {
            account?.Refund(capacity);
            return false;
        }

        if (shelf < _shelves.Length && _shelves[shelf].TryTake(out block))
        {
            Interlocked.Add(ref _kept, -capacity);
        }
        else
        {
            try
            {
                block = new TensorBlock(this, (int)capacity);
            }
            catch (OutOfMemoryException)
            {
                // The budget promised more than the system has: for the caller that is the same refusal.
                Interlocked.Add(ref _inUse, -capacity);
                account?.Refund(capacity);
                return false;
            }
        }

        block.Begin((int)bytes, account);
        return true;
    }

    /// <summary>Frees what is kept; blocks that are still rented are freed when they come back.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (TensorBlockShelf shelf in _shelves)
        {
            Drain(shelf);
        }
    }

    internal void TakeBack(TensorBlock block, TensorAccount? account)
    {
        int capacity = block.Capacity;
        int index = ShelfOf(capacity);
        if (index < _shelves.Length && Interlocked.Add(ref _kept, capacity) <= KeptAtMost && _shelves[index].TryPut(block))
        {
            if (_disposed)
            {
                Drain(_shelves[index]);
            }
        }
        else
        {
            if (index < _shelves.Length)
            {
                Interlocked.Add(ref _kept, -capacity);
            }

            block.Free();
        }

        Interlocked.Add(ref _inUse, -capacity);
        account?.Refund(capacity);
    }

    private static int ShelfOf(long bytes) => Math.Max(0, 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(bytes - 1, 0)) - SmallestShift);

    // Never above the budget, not for a moment: a request that is too large must not make a small one beside it fail.
    private bool TryTakeFromBudget(long capacity)
    {
        long inUse = Interlocked.Read(ref _inUse);
        while (inUse <= budget - capacity)
        {
            long seen = Interlocked.CompareExchange(ref _inUse, inUse + capacity, inUse);
            if (seen == inUse)
            {
                return true;
            }

            inUse = seen;
        }

        return false;
    }

    private void Drain(TensorBlockShelf shelf)
    {
        while (shelf.TryTake(out TensorBlock? block))
        {
            Interlocked.Add(ref _kept, -block.Capacity);
            block.Free();
        }
    }
}
