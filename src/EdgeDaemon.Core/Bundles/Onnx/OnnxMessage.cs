namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Which fields a message of onnx.proto3 (IR version 13) has, and how each is written.</summary>
internal sealed class OnnxMessage
{
    private const byte Number = 1;
    private const byte Bytes = 2;
    private const byte Float = 4;
    private const byte Double = 8;
    private const byte Repeated = 16;

    public static readonly OnnxMessage Model = new("ModelProto")
    {
        [1] = Number, [2] = Bytes, [3] = Bytes, [4] = Bytes, [5] = Number, [6] = Bytes, [7] = Bytes, [8] = Bytes | Repeated, [14] = Bytes | Repeated,
        [20] = Bytes | Repeated, [25] = Bytes | Repeated, [26] = Bytes | Repeated,
    };

    public static readonly OnnxMessage OperatorSet = new("OperatorSetIdProto") { [1] = Bytes, [2] = Number };

    public static readonly OnnxMessage Entry = new("StringStringEntryProto") { [1] = Bytes, [2] = Bytes };

    public static readonly OnnxMessage Graph = new("GraphProto")
    {
        [1] = Bytes | Repeated, [2] = Bytes, [5] = Bytes | Repeated, [10] = Bytes, [11] = Bytes | Repeated, [12] = Bytes | Repeated, [13] = Bytes | Repeated,
        [14] = Bytes | Repeated, [15] = Bytes | Repeated, [16] = Bytes | Repeated,
    };

    public static readonly OnnxMessage Node = new("NodeProto")
    {
        [1] = Bytes | Repeated, [2] = Bytes | Repeated, [3] = Bytes, [4] = Bytes, [5] = Bytes | Repeated, [6] = Bytes, [7] = Bytes, [8] = Bytes, [9] = Bytes | Repeated,
        [10] = Bytes | Repeated,
    };

    public static readonly OnnxMessage Attribute = new("AttributeProto")
    {
        [1] = Bytes, [2] = Float, [3] = Number, [4] = Bytes, [5] = Bytes, [6] = Bytes, [7] = Float | Bytes | Repeated, [8] = Number | Bytes | Repeated, [9] = Bytes | Repeated,
        [10] = Bytes | Repeated, [11] = Bytes | Repeated, [13] = Bytes, [14] = Bytes, [15] = Bytes | Repeated, [20] = Number, [21] = Bytes, [22] = Bytes, [23] = Bytes | Repeated,
    };

    public static readonly OnnxMessage Tensor = new("TensorProto")
    {
        [1] = Number | Bytes | Repeated, [2] = Number, [3] = Bytes, [4] = Float | Bytes | Repeated, [5] = Number | Bytes | Repeated, [6] = Bytes | Repeated,
        [7] = Number | Bytes | Repeated, [8] = Bytes, [9] = Bytes, [10] = Double | Bytes | Repeated, [11] = Number | Bytes | Repeated, [12] = Bytes, [13] = Bytes | Repeated,
        [14] = Number, [16] = Bytes | Repeated,
    };

    public static readonly OnnxMessage SparseTensor = new("SparseTensorProto") { [1] = Bytes, [2] = Bytes, [3] = Number | Bytes | Repeated };

    public static readonly OnnxMessage ValueInfo = new("ValueInfoProto") { [1] = Bytes, [2] = Bytes, [3] = Bytes, [4] = Bytes | Repeated };

    public static readonly OnnxMessage Type = new("TypeProto") { [1] = Bytes, [4] = Bytes, [5] = Bytes, [6] = Bytes, [8] = Bytes, [9] = Bytes };

    public static readonly OnnxMessage TensorType = new("TypeProto.Tensor") { [1] = Number, [2] = Bytes };

    public static readonly OnnxMessage ElementOf = new("TypeProto.Sequence") { [1] = Bytes };

    public static readonly OnnxMessage MapType = new("TypeProto.Map") { [1] = Number, [2] = Bytes };

    public static readonly OnnxMessage Shape = new("TensorShapeProto") { [1] = Bytes | Repeated };

    public static readonly OnnxMessage Dimension = new("TensorShapeProto.Dimension") { [1] = Number, [2] = Bytes, [3] = Bytes };

    public static readonly OnnxMessage Annotation = new("TensorAnnotation") { [1] = Bytes, [2] = Bytes | Repeated };

    private const int MostFields = 32;

    private readonly byte[] _fields = new byte[MostFields];

    private OnnxMessage(string name) => Name = name;

    /// <summary>As onnx.proto3 calls it.</summary>
    public string Name { get; }

    private byte this[int field]
    {
        set => _fields[field] = value;
    }

    /// <summary>Whether the field exists and is written with this wire type.</summary>
    public bool Has(int field, int wire) => field < MostFields && (_fields[field] & WireBit(wire)) != 0;

    public bool IsSingular(int field) => (_fields[field] & Repeated) == 0;

    private static int WireBit(int wire) => wire switch
    {
        ProtobufCursor.Varint => Number,
        ProtobufCursor.Delimited => Bytes,
        ProtobufCursor.Fixed32 => Float,
        ProtobufCursor.Fixed64 => Double,
        _ => 0,
    };
}
