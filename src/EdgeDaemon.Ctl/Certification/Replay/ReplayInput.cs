using System.Security.Cryptography;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Ctl.Images;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Certification.Replay;

/// <summary>The input that a certificate is about: its elements as the caller sent them.</summary>
internal static class ReplayInput
{
    /// <summary>A file of the raw elements, or a picture, told by its first bytes.</summary>
    /// <param name="index">Which picture of the file.</param>
    /// <exception cref="CtlException">It is another input than the certificate's.</exception>
    public static byte[] Read(string file, int index, ModelManifest manifest, CertificateInput about)
    {
        byte[] bytes = SafeFileRead.Read(file, (int)ImageFile.MaxFileBytes);
        if (!IsInput(bytes, about) && ImageFile.Recognises(bytes))
        {
            try
            {
                bytes = ImageInput.Of(Description(manifest)).Fill(ImageFile.Read(bytes, index), resize: false).Bytes.ToArray();
            }
            catch (ImageException error)
            {
                throw new CtlException($"{file}: {error.Message}", error);
            }
        }

        return IsInput(bytes, about)
            ? bytes
            : throw new CtlException(
                $"{file} holds {bytes.Length} bytes with SHA-256 {Convert.ToHexStringLower(SHA256.HashData(bytes))}; the certificate is about another input, of {about.Sha256} "
                + $"({about.Type.WireName()} [{string.Join(',', about.Shape)}])");
    }

    private static bool IsInput(ReadOnlySpan<byte> bytes, CertificateInput about) =>
        Convert.ToHexStringLower(SHA256.HashData(bytes)) == about.Sha256
        && TensorShape.TryCreate(about.Shape.AsSpan(), out TensorShape shape)
        && shape.TryByteCount(about.Type, out long size)
        && size == bytes.Length;

    // As a daemon would describe the model.
    private static ModelDescription Description(ModelManifest manifest) => new(
        manifest.Name, [manifest.Version], "", [.. manifest.Inputs.Select(Describe)], [.. manifest.Outputs.Select(output => output.Contract)], []);

    private static InputDescription Describe(ManifestInput input) => new(
        input.Contract, input.Image switch
        {
            ImageLayout.Nchw => ImageFormat.Nchw,
            ImageLayout.Nhwc => ImageFormat.Nhwc,
            _ => ImageFormat.None,
        });
}
