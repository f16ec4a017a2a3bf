using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Protocol.Numbers;

namespace EdgeDaemon.Core.Protocol;

/// <content>What becomes of one number, for each element type.</content>
public static partial class JsonTensorReader
{
    /// <summary>An element type that JSON writes as numbers.</summary>
    private interface INumberElement
    {
        static abstract int Size { get; }

        /// <summary>Stores a plain number; false where that takes more than a glance. Never refuses.</summary>
        static abstract bool TryStore(in PlainNumber number, Span<byte> destination);

        /// <summary>Stores any number, or refuses it.</summary>
        static abstract void Store(in JsonNumber number, Span<byte> destination);
    }

    private static ulong OutOfRange() =>
        throw new RefusedException(Refusal.InputNumberOutOfRange, "a number does not fit its element type");

    private readonly struct Float32Element : INumberElement
    {
        public static int Size => sizeof(float);

        public static bool TryStore(in PlainNumber number, Span<byte> destination)
        {
            bool decided = number.TryToSingle(out float value);
            BinaryPrimitives.WriteSingleLittleEndian(destination, value);
            return decided;
        }

        public static void Store(in JsonNumber number, Span<byte> destination)
        {
            if (!NarrowFloat.TryRound<Binary32>(number, out uint bits))
            {
                OutOfRange();
            }

            BinaryPrimitives.WriteUInt32LittleEndian(destination, bits);
        }
    }

    private readonly struct Float64Element : INumberElement
    {
        public static int Size => sizeof(double);

        public static bool TryStore(in PlainNumber number, Span<byte> destination)
        {
            double value = number.ToDouble();
            BinaryPrimitives.WriteDoubleLittleEndian(destination, value);
            return double.IsFinite(value);
        }

        public static void Store(in JsonNumber number, Span<byte> destination)
        {
            double value = number.ToDouble();
            if (!double.IsFinite(value))
            {
                OutOfRange();
            }

            BinaryPrimitives.WriteDoubleLittleEndian(destination, value);
        }
    }

    private readonly struct Float16Element<T> : INumberElement
        where T : INarrowFormat
    {
        public static int Size => sizeof(ushort);

        public static bool TryStore(in PlainNumber number, Span<byte> destination)
        {
            bool decided = NarrowFloat.TryRound<T>(number, out uint bits);
            BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)bits);
            return decided;
        }

        public static void Store(in JsonNumber number, Span<byte> destination)
        {
            if (!NarrowFloat.TryRound<T>(number, out uint bits))
            {
                OutOfRange();
            }

            BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)bits);
        }
    }

    private readonly struct IntegerElement<T> : INumberElement
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        public static int Size => Unsafe.SizeOf<T>();

        public static bool TryStore(in PlainNumber number, Span<byte> destination)
        {
            Write(number.Digits, number.Negative, destination);
            return number.IsInteger && number.Digits <= Greatest(number.Negative);
        }

        public static void Store(in JsonNumber number, Span<byte> destination)
        {
            if (!number.IsInteger)
            {
                RefusedException.Throw(Refusal.InputNumberInvalid, "an element of an integer type has a fraction or an exponent");
            }

            if (!number.TryMagnitude(out ulong magnitude) || magnitude > Greatest(number.Negative))
            {
                OutOfRange();
            }

            Write(magnitude, number.Negative, destination);
        }

        /// <summary>Zero may have a sign in any type.</summary>
        private static ulong Greatest(bool negative) =>
            negative ? 0 - ulong.CreateTruncating(T.MinValue) : ulong.CreateTruncating(T.MaxValue);

        private static void Write(ulong magnitude, bool negative, Span<byte> destination)
        {
            ulong value = negative ? 0 - magnitude : magnitude;
            switch (Unsafe.SizeOf<T>())
            {
                case 1:
                    destination[0] = (byte)value;
                    break;
                case 2:
                    BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)value);
                    break;
                case 4:
                    BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)value);
                    break;
                default:
                    BinaryPrimitives.WriteUInt64LittleEndian(destination, value);
                    break;
            }
        }
    }
}
