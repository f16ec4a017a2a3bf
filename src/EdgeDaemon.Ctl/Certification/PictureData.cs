using System.Security.Cryptography;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Models;
using EdgeDaemon.Ctl.Images;

namespace EdgeDaemon.Ctl.Certification;

/// <summary>The images of a data set, in order: all of a file, or of the files of a folder by the byte order of their names.</summary>
internal sealed class PictureData
{
    /// <summary>Beyond, a run takes years.</summary>
    public const int MaxImages = 10_000_000;

    private readonly List<RasterImage> _images = [];

    private PictureData()
    {
    }

    public int Count => _images.Count;

    /// <summary>SHA-256 over the sizes and samples in order, 64 hex digits: whether it is still the same data.</summary>
    public string Digest { get; private set; } = "";

    /// <exception cref="CtlException">Nothing is there, or a file is no picture.</exception>
    public static PictureData Read(string path)
    {
        var data = new PictureData();
        string[] files = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)] : [path];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
        {
            data.Add(file, hash);
        }

        data.Digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        return data.Count > 0 ? data : throw new CtlException($"{path} holds no pictures");
    }

    /// <summary>As the model takes it.</summary>
    /// <exception cref="ImageException">The picture does not fit.</exception>
    public InputTensor Input(int image, ModelDescription model) => ImageInput.Of(model).Fill(_images[image], resize: false);

    private void Add(string file, IncrementalHash hash)
    {
        var info = new FileInfo(file);
        if (!info.Exists)
        {
            throw new CtlException($"{file} does not exist; --data is a picture file or a folder of them");
        }

        if (info.Length > ImageFile.MaxFileBytes)
        {
            throw new CtlException($"{file} is larger than the {ImageFile.MaxFileBytes >> 20} MiB that are read");
        }

        try
        {
            foreach (RasterImage image in ImageFile.ReadAll(File.ReadAllBytes(file)))
            {
                hash.AppendData(BitConverter.GetBytes(image.Width));
                hash.AppendData(BitConverter.GetBytes(image.Height));
                hash.AppendData(BitConverter.GetBytes(image.Channels));
                hash.AppendData(image.Samples);
                _images.Add(image);
                if (_images.Count > MaxImages)
                {
                    throw new CtlException($"{file}: more than {MaxImages} images in all");
                }
            }
        }
        catch (ImageException error)
        {
            throw new CtlException($"{file}: {error.Message}", error);
        }
    }
}
