using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;

namespace EdgeDaemon.Tests.Audit.Notes;

[TestClass]
public sealed class NoteTests
{
    private const string ExampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    private const string ExampleNote =
        "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    private const string RekorSpki = "AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=";

    [TestMethod]
    public void The_specifications_example_is_read()
    {
        using var key = NoteVerifier.Parse(ExampleKey);
        SignedNote note = Parse(ExampleNote);
        Assert.AreEqual("This is an example message.\n", Encoding.UTF8.GetString(note.Text.Span));
        Assert.AreEqual(1, note.Signatures.Count);
        Assert.AreEqual(key.Name, note.Signatures[0].Name);
        Assert.AreEqual(0x530d903au, note.Signatures[0].KeyId);
        Assert.AreEqual(64, note.Signatures[0].Signature.Length);
        Assert.AreEqual(ExampleKey, key.ToString());
        Assert.IsFalse(key.CanVerify);
        Assert.ThrowsExactly<NotSupportedException>(() => key.Verify(note));
    }

    // Type 0x02 is the exception: its id is of the key alone, without name and type.
    [TestMethod]
    public void Rekors_key_has_its_published_id()
    {
        using var key = NoteVerifier.Parse($"rekor.sigstore.dev+c0d23d6a+{RekorSpki}");
        Assert.AreEqual(0xc0d23d6au, key.KeyId);
        Assert.IsTrue(key.CanVerify);
        Assert.ThrowsExactly<AuditFormatException>(() => NoteVerifier.Parse($"rekor.sigstore.dev+c0d23d6b+{RekorSpki}"));
        Assert.ThrowsExactly<AuditFormatException>(() => NoteVerifier.Parse($"rekor.sigstore.dev+C0D23D6A+{RekorSpki}"), "another way to write it");
    }

    [TestMethod]
    [DataRow("a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [DataRow("example.com/foo+530d903a")]
    [DataRow("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [DataRow("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k=")]
    [DataRow("example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [DataRow("example.com/foo+530d903a+A+kyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    public void What_is_no_vkey_is_refused(string text) => Assert.ThrowsExactly<AuditFormatException>(() => NoteVerifier.Parse(text));

    [TestMethod]
    public void A_note_is_verified_by_its_key_only()
    {
        using var one = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var two = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signer = new NoteSigner("example.com/log", one);
        byte[] bytes = SignedNote.Sign("a\n\nb\n"u8, signer, new NoteSigner("example.com/witness", two));
        var note = SignedNote.Parse(bytes);
        Assert.AreEqual("a\n\nb\n", Encoding.UTF8.GetString(note.Text.Span), "the last empty line divides");
        Assert.AreEqual(2, note.Signatures.Count);
        using NoteVerifier right = signer.Verifier();
        using var wrongKey = NoteVerifier.Of("example.com/log", two.ExportSubjectPublicKeyInfo());
        using var wrongName = NoteVerifier.Of("example.com/other", one.ExportSubjectPublicKeyInfo());
        Assert.IsTrue(right.Verify(note));
        Assert.IsFalse(wrongKey.Verify(note));
        Assert.IsFalse(wrongName.Verify(note), "the key's name is part of who signed");
        using var again = NoteVerifier.Parse(right.ToString());
        Assert.IsTrue(again.Verify(note));
    }

    // "One known signature that fails SHOULD reject the note".
    [TestMethod]
    public void A_second_signature_of_the_same_key_must_hold_too()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signer = new NoteSigner("example.com/log", key);
        using NoteVerifier verifier = signer.Verifier();
        string other = Encoding.UTF8.GetString(SignedNote.Sign("other\n"u8, signer)).Split('\n')[2];
        string note = Encoding.UTF8.GetString(SignedNote.Sign("text\n"u8, signer));
        Assert.IsTrue(verifier.Verify(Parse(note)), "control");
        Assert.IsFalse(verifier.Verify(Parse(note + other + "\n")));
    }

    [TestMethod]
    public void Every_flipped_byte_of_a_note_is_found()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signer = new NoteSigner("example.com/log", key);
        using NoteVerifier verifier = signer.Verifier();
        byte[] note = SignedNote.Sign("example.com/log\n1\nx\n"u8, signer);
        Assert.IsTrue(verifier.Verify(SignedNote.Parse(note)), "control");
        for (int at = 0; at < note.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                note[at] ^= (byte)(1 << bit);
                bool found;
                try
                {
                    found = !verifier.Verify(SignedNote.Parse(note));
                }
                catch (AuditFormatException)
                {
                    found = true;
                }

                Assert.IsTrue(found, $"byte {at} bit {bit}");
                note[at] ^= (byte)(1 << bit);
            }
        }
    }

    [TestMethod]
    [DataRow("text\n\u2014 n AAAAAAA=\n", "no empty line")]
    [DataRow("text\n\n", "no signature")]
    [DataRow("text\n\n\u2014 n AAAAAAA=", "the last line does not end")]
    [DataRow("te\u0001xt\n\n\u2014 n AAAAAAA=\n", "a control character")]
    [DataRow("text\n\n\u2014 n AAAAAAA\n", "no padding")]
    [DataRow("text\n\n\u2014 n AAAAAAB=\n", "stray bits")]
    [DataRow("text\n\n\u2014 n AAAA\n", "shorter than an id")]
    [DataRow("text\n\n\u2014 n\n", "no signature behind the name")]
    [DataRow("text\n\n\u2014 a+b AAAAAAA=\n", "a plus sign in the name")]
    [DataRow("text\n\n\u2014 a\u00a0b AAAAAAA=\n", "a space in the name")]
    [DataRow("text\n\n- n AAAAAAA=\n", "another dash")]
    public void What_is_no_note_is_refused(string note, string why) => Assert.ThrowsExactly<AuditFormatException>(() => Parse(note), why);

    [TestMethod]
    public void Sixteen_signatures_are_read_and_a_thousand_are_not()
    {
        static string Note(int count) => "text\n\n" + string.Concat(Enumerable.Range(0, count).Select(number => $"\u2014 n{number} AAAAAAA=\n"));
        Assert.AreEqual(16, Parse(Note(16)).Signatures.Count);
        Assert.ThrowsExactly<AuditFormatException>(() => Parse(Note(1000)));
    }

    [TestMethod]
    public void A_key_of_another_curve_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.ThrowsExactly<AuditFormatException>(() => NoteVerifier.Of("example.com/log", key.ExportSubjectPublicKeyInfo()));
    }

    private static SignedNote Parse(string note) => SignedNote.Parse(Encoding.UTF8.GetBytes(note));
}
