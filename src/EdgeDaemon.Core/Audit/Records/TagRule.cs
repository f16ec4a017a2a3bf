namespace EdgeDaemon.Core.Audit.Records;

/// <summary>What a <see cref="FieldRule"/> says of one tag (a field's number and form), in one word: a verification asks it of each field of each record.</summary>
internal readonly struct TagRule
{
    /// <summary>Tags are below this one.</summary>
    public const int Tags = FieldRule.Numbers * 8;

    private const int Known = 1 << 16, List = 1 << 17, Another = 1 << 18;

    private static readonly TagRule[] Rules = MakeAll();

    private readonly int _bits;

    private TagRule(int bits) => _bits = bits;

    /// <summary>Whether this version knows the field.</summary>
    public bool IsKnown => (_bits & Known) != 0;

    /// <summary>Whether it may come often.</summary>
    public bool IsList => (_bits & List) != 0;

    /// <summary>Whether the field has another form than the tag's.</summary>
    public bool IsAnother => (_bits & Another) != 0;

    /// <summary>Most bytes of its value; 0: its form says how many.</summary>
    public uint Bound => (ushort)_bits;

    /// <summary>Of every tag, by its number. Asked for once a record: whether it is made already is looked at each time.</summary>
    public static ReadOnlySpan<TagRule> All => Rules;

    private static TagRule[] MakeAll()
    {
        var all = new TagRule[Tags];
        for (int tag = 0; tag < Tags; tag++)
        {
            if (FieldRule.Of((RecordField)(tag >> 3)) is { } rule)
            {
                var form = (FieldForm)(tag & 7);
                FieldForm known = form is FieldForm.CutText or FieldForm.Redacted ? FieldForm.Text : form;
                bool another = rule.Form != known || (form == FieldForm.Redacted && !rule.IsIdentifying);
                int bound = form is FieldForm.Number or FieldForm.Redacted ? 0 : rule.Bound;
                all[tag] = new TagRule(Known | (rule.IsList ? List : 0) | (another ? Another : 0) | bound);
            }
        }

        return all;
    }
}
