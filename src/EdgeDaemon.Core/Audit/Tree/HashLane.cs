namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// What one lane of <see cref="ParallelSha256"/> works on, and what then: the last blocks of the message after this one are made while this one is hashed, because a vector that is read right after
/// the bytes it is made of were written waits until they are in the cache. Each lane has two places for them, by turns.
/// </summary>
internal struct HashLane
{
    /// <summary>Of both places in the tails' memory: two blocks each.</summary>
    public const int TailBytes = 4 * Block;

    /// <summary>Blocks left of a lane without a message.</summary>
    public const int Idle = int.MaxValue;

    private const int Block = 64;

    private readonly int _tails;
    private int _turn;

    /// <param name="lane">Which one: the tails of all lie in one memory.</param>
    /// <param name="none">A message's number that no message has.</param>
    public HashLane(int lane, int none)
    {
        _tails = lane * TailBytes;
        Message = none;
        Prepared = none;
        Left = Idle;
    }

    /// <summary>Its message; beyond the last one: none.</summary>
    public int Message;

    /// <summary>The one whose last blocks are ready.</summary>
    public int Prepared;

    /// <summary>Where its next block lies: in the messages' memory while there are <see cref="Whole"/> blocks left, in the tails then.</summary>
    public int At;

    /// <summary>Blocks left that lie in the message itself.</summary>
    public int Whole;

    /// <summary>Blocks until it is done, or <see cref="Idle"/>.</summary>
    public int Left;

    /// <summary>Of the present message.</summary>
    public readonly int PresentTail => _tails + (_turn * 2 * Block);

    /// <summary>Of the one that is prepared.</summary>
    public readonly int NextTail => _tails + ((_turn ^ 1) * 2 * Block);

    /// <summary>What was prepared is present; the place of the one that is done is free for the next.</summary>
    public void Turn() => _turn ^= 1;

    /// <summary>To the next block.</summary>
    public void Advance()
    {
        if (Whole > 0)
        {
            At = --Whole > 0 ? At + Block : PresentTail;
        }
        else
        {
            At ^= Block; // From a tail's first block to its second. Without a message: to and fro.
        }
    }
}
