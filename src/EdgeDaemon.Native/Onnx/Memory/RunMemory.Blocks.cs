using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx.Memory;

/// <content>Where its blocks come from, and where they go.</content>
internal sealed unsafe partial class RunMemory
{
    // The smallest that is large enough and not wastefully so; few are free at a time.
    private RunBlock* Find(long size)
    {
        int best = -1;
        long bestCapacity = Math.Max(size * 2, 4096) + 1;
        for (int i = _freeCount - 1; i >= 0; i--)
        {
            long capacity = ((RunBlock*)_free[i])->Capacity;
            if (capacity >= size && capacity < bestCapacity)
            {
                best = i;
                bestCapacity = capacity;
                if (capacity == size)
                {
                    break;
                }
            }
        }

        if (best >= 0)
        {
            var found = (RunBlock*)_free[best];
            _free[best] = _free[--_freeCount];
            return found;
        }

        if (_all.LeftFor(_promised) < size)
        {
            MakeRoom(size);
        }

        RunBlock* made = RunBlock.Make(size, GCHandle.ToIntPtr(_self));
        Held += made->Capacity;
        _all.CountHeld(made->Capacity);
        Fulfil(Math.Min(_promised, made->Capacity));
        return made;
    }

    // What is held is not put aside as well.
    private void Fulfil(long bytes)
    {
        _promised -= bytes;
        _all.Fulfil(bytes);
    }

    // Pieces of other sizes, and what others keep, go first; a run that still does not fit has become larger than it was let in for.
    private void MakeRoom(long size)
    {
        GiveUp(_run - 1);
        for (int attempt = 0; _all.LeftFor(_promised) < size; attempt++)
        {
            _all.ReleaseIdle(long.MaxValue);
            if (_all.LeftFor(_promised) >= size)
            {
                return;
            }

            GiveUp(_run);
            if (_all.LeftFor(_promised) >= size)
            {
                return;
            }

            if (attempt == MostAttempts)
            {
                Overran = true;
                _stop();
                return;
            }

            // What was promised may lie with a lane that was idle then and is neither idle nor running now: just let in, just turned away, just ending.
            Thread.Sleep(1);
        }
    }

    // For a piece of another size. What they took stays put aside for this run, which was let in with it: else another that has become larger than it was let in for takes it in between.
    private void GiveUp(long sinceRun)
    {
        long given = 0;
        for (int i = 0; i < _freeCount; i++)
        {
            var block = (RunBlock*)_free[i];
            given += block->LastRun <= sinceRun ? block->Capacity : 0;
        }

        _promised += given;
        _all.Promise(given);
        DropUnused(sinceRun);
    }

    private void Clear()
    {
        Enter();
        long start = Stopwatch.GetTimestamp();
        long cleared = 0;
        for (int i = 0; i < _freeCount; i++)
        {
            cleared += RunBlock.Clear((RunBlock*)_free[i]);
        }

        ClearedBytes += cleared;
        if (cleared > 0)
        {
            ClearTicks += Stopwatch.GetTimestamp() - start;
        }

        if (_handedOut == 0)
        {
            Tenant = SessionMemory.Nobody;
            if (DirtiedBytes != ClearedBytes)
            {
                _all.CountMismatch(DirtiedBytes - ClearedBytes);
                DirtiedBytes = ClearedBytes; // Said once.
            }
        }

        Leave();
    }

    private void FreeUnused(long sinceRun)
    {
        Enter();
        DropUnused(sinceRun);
        Leave();
    }

    private void DropUnused(long sinceRun)
    {
        for (int i = _freeCount - 1; i >= 0; i--)
        {
            var block = (RunBlock*)_free[i];
            if (block->LastRun <= sinceRun)
            {
                _free[i] = _free[--_freeCount];
                Drop(block);
            }
        }
    }

    private void Drop(RunBlock* block)
    {
        ClearedBytes += RunBlock.Clear(block);
        Held -= block->Capacity;
        _all.CountHeld(-block->Capacity);
        RunBlock.Free(block);
    }

    private void Forget()
    {
        if (_disposed && _handedOut == 0 && _self.IsAllocated)
        {
            _self.Free();
        }
    }
}
