using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Audit;

/// <summary>
/// Digests of a request's tensors, on the request's own thread: where SHA-256 is not asked for, none runs there. One tensor: over its bytes; several, in the contract's
/// order: over the digests of each. GMAC is AES-256-GCM's tag over what is not encrypted (NIST SP 800-38D, section 3); a nonce never comes twice under a key, for a second
/// use would give the key of its hash away. Allocates nothing. The law is README.md.
/// </summary>
internal sealed class TensorHasher : IDisposable
{
    public const int KeyBytes = 32;
    public const int GmacBytes = NonceBytes + TagBytes;

    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int StartBytes = 6;
    private const int MostTensors = 64 + 1; // max_tensors, and what joins them.

    private readonly byte[] _start = RandomNumberGenerator.GetBytes(StartBytes);
    private readonly ThreadLocal<AesGcm>? _gmac;
    private long _nonces;

    /// <param name="inputs">How inputs stand in records.</param>
    /// <param name="outputs">The same of outputs.</param>
    /// <param name="key">Of GMAC, 32 bytes; not looked at without it.</param>
    public TensorHasher(AuditDigest inputs, AuditDigest outputs, byte[] key)
    {
        Inputs = inputs;
        Outputs = outputs;
        if (inputs == AuditDigest.Gmac || outputs == AuditDigest.Gmac)
        {
            // Not made for several threads at once.
            _gmac = new ThreadLocal<AesGcm>(() => new AesGcm(key, TagBytes), trackAllValues: true);
        }
    }

    public AuditDigest Inputs { get; }

    public AuditDigest Outputs { get; }

    /// <param name="inputs">As they came, in the contract's order.</param>
    /// <param name="into">Empty where the policy is none.</param>
    public void Digest(ReadOnlySpan<EngineInput> inputs, TensorDigest into)
    {
        var join = new Join(this, Inputs, inputs.Length, stackalloc byte[MostTensors * TensorDigest.MostBytes]);
        foreach (ref readonly EngineInput input in inputs)
        {
            join.Add(input.Block.GetSpan()[..(int)input.Bytes]);
        }

        join.End(into);
    }

    /// <param name="answer">Its lane is not cleared yet.</param>
    /// <param name="outputs">How many the contract has.</param>
    /// <param name="into">Empty where the policy is none.</param>
    public void Digest(in RunAnswer answer, int outputs, TensorDigest into)
    {
        var join = new Join(this, Outputs, outputs, stackalloc byte[MostTensors * TensorDigest.MostBytes]);
        for (int i = 0; i < outputs; i++)
        {
            join.Add(answer.OutputData(i));
        }

        join.End(into);
    }

    public void Dispose()
    {
        if (_gmac is not null)
        {
            foreach (AesGcm each in _gmac.Values)
            {
                each.Dispose();
            }

            _gmac.Dispose();
        }
    }

    private void Nonce(long number, Span<byte> nonce)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, number);
        _start.CopyTo(nonce);
        eight[2..].CopyTo(nonce[StartBytes..]); // 48 bits: at a million requests a second they last nine years.
    }

    /// <summary>Digests of tensors, and the one over them.</summary>
    private ref struct Join
    {
        private readonly TensorHasher _by;
        private readonly AuditDigest _algorithm;
        private readonly int _count;
        private readonly Span<byte> _each;
        private readonly long _first;
        private int _length;
        private int _added;

        public Join(TensorHasher by, AuditDigest algorithm, int count, Span<byte> room)
        {
            if (count >= MostTensors)
            {
                throw new ArgumentOutOfRangeException(nameof(count), count, "more tensors than a request may have");
            }

            _by = by;
            _algorithm = count == 0 ? AuditDigest.None : algorithm;
            _count = count;
            _each = room;
            if (_algorithm == AuditDigest.Gmac)
            {
                int nonces = count == 1 ? 1 : count + 1;
                _first = Interlocked.Add(ref by._nonces, nonces) - nonces;
            }
        }

        public void Add(ReadOnlySpan<byte> tensor)
        {
            if (_algorithm != AuditDigest.None)
            {
                int bytes = _algorithm == AuditDigest.Gmac ? TagBytes : SHA256.HashSizeInBytes;
                One(tensor, _each.Slice(_length, bytes));
                _length += bytes;
            }
        }

        public void End(TensorDigest into)
        {
            if (_algorithm == AuditDigest.None)
            {
                return;
            }

            Span<byte> value = into.Begin(_algorithm == AuditDigest.Gmac ? GmacBytes : SHA256.HashSizeInBytes);
            if (_algorithm == AuditDigest.Gmac)
            {
                _by.Nonce(_first, value);
                value = value[NonceBytes..];
            }

            if (_count == 1)
            {
                _each[.._length].CopyTo(value);
            }
            else
            {
                One(_each[.._length], value);
            }
        }

        private void One(ReadOnlySpan<byte> data, Span<byte> digest)
        {
            if (_algorithm == AuditDigest.Sha256)
            {
                SHA256.HashData(data, digest);
                return;
            }

            Span<byte> nonce = stackalloc byte[NonceBytes];
            _by.Nonce(_first + _added++, nonce);
            _by._gmac!.Value!.Encrypt(nonce, [], [], digest, data);
        }
    }
}
