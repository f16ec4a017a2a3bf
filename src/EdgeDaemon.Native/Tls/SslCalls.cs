using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Tls;

/// <summary>
/// The calls of libssl and libcrypto that a server takes, as OpenSSL 3.0's headers declare them: the library that .NET itself uses on Debian 12 and later, so that keys
/// and certificates are the same objects on both sides. Macros of the headers are the calls that they stand for.
/// </summary>
internal static unsafe partial class SslCalls
{
    // ssl.h, bio.h, tls1.h, x509_vfy.h, sslerr.h
    public const int Tls13 = 0x0304;
    public const int SetMode = 33, SetReadAhead = 41, SetSessionCacheMode = 44, AddChainCertificate = 89, SetLowestVersion = 123, SetHighestVersion = 124;
    public const int PartialWrite = 1, MovingWriteBuffer = 2, AutoRetry = 4, NoAutomaticChain = 8, ReleaseBuffers = 16;
    public const ulong CleansePlaintext = 1UL << 1, NoCompression = 1UL << 17, NoRenegotiation = 1UL << 30;
    public const int VerifyPeer = 1, RequireCertificate = 2;
    public const int CacheServer = 0x0002, CacheNothingHere = 0x0300;
    public const int Negotiated = 1, AlpnTaken = 0, AlpnFatal = 2;
    public const int ErrorOfProtocol = 1, WantRead = 2, ErrorOfSystem = 5, CloseNotify = 6;
    public const int NoCertificate = 199;
    public const int CertificateRejected = 28;
    public const int BioSource = 0x0400, BioFlush = 11, BioRead = 1, BioRetry = 8, BioWaits = 15;

    private const string Ssl = "libssl.so.3";
    private const string Crypto = "libcrypto.so.3";

    [LibraryImport(Ssl, EntryPoint = "TLS_server_method")]
    public static partial nint ServerMethod();

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_new")]
    public static partial nint NewContext(nint method);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_ctrl")]
    public static partial long Control(SslContext context, int command, long value, nint pointer);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_options")]
    public static partial ulong SetOptions(SslContext context, ulong options);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_session_id_context")]
    public static partial int SetSessionContext(SslContext context, byte* id, uint length);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_use_certificate")]
    public static partial int UseCertificate(SslContext context, nint certificate);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_use_PrivateKey")]
    public static partial int UsePrivateKey(SslContext context, nint key);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_check_private_key")]
    public static partial int CheckPrivateKey(SslContext context);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_verify")]
    public static partial void SetVerify(SslContext context, int mode, nint callback);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_cert_verify_callback")]
    public static partial void SetJudge(SslContext context, delegate* unmanaged[Cdecl]<nint, nint, int> callback, nint argument);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_alpn_select_cb")]
    public static partial void SetProtocolChoice(SslContext context, delegate* unmanaged[Cdecl]<nint, byte**, byte*, byte*, uint, nint, int> callback, nint argument);

    [LibraryImport(Ssl, EntryPoint = "SSL_select_next_proto")]
    public static partial int SelectProtocol(byte** chosen, byte* chosenLength, byte* server, uint serverLength, byte* client, uint clientLength);

    [LibraryImport(Ssl, EntryPoint = "SSL_get0_alpn_selected")]
    public static partial void Protocol(nint ssl, byte** name, uint* length);

    [LibraryImport(Ssl, EntryPoint = "SSL_new")]
    public static partial nint New(SslContext context);

    [LibraryImport(Ssl, EntryPoint = "SSL_free")]
    public static partial void Free(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_set_bio")]
    public static partial void SetBio(nint ssl, nint read, nint write);

    [LibraryImport(Ssl, EntryPoint = "SSL_get_rbio")]
    public static partial nint ReadBio(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_accept")]
    public static partial int Accept(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_read_ex")]
    public static partial int Read(nint ssl, byte* data, nuint length, nuint* read);

    [LibraryImport(Ssl, EntryPoint = "SSL_peek_ex")]
    public static partial int Peek(nint ssl, byte* data, nuint length, nuint* read);

    [LibraryImport(Ssl, EntryPoint = "SSL_write_ex")]
    public static partial int Write(nint ssl, byte* data, nuint length, nuint* written);

    [LibraryImport(Ssl, EntryPoint = "SSL_shutdown")]
    public static partial int ShutDown(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_get_error")]
    public static partial int Error(nint ssl, int result);

    [LibraryImport(Ssl, EntryPoint = "SSL_session_reused")]
    public static partial int IsResumed(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_get0_peer_certificate")]
    public static partial nint PeerCertificate(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_get_ex_data_X509_STORE_CTX_idx")]
    public static partial int StoreIndex();

    [LibraryImport(Crypto, EntryPoint = "X509_STORE_CTX_get_ex_data")]
    public static partial nint StoreData(nint store, int index);

    [LibraryImport(Crypto, EntryPoint = "X509_STORE_CTX_get0_cert")]
    public static partial nint StoreLeaf(nint store);

    [LibraryImport(Crypto, EntryPoint = "X509_STORE_CTX_get0_untrusted")]
    public static partial nint StoreSent(nint store);

    [LibraryImport(Crypto, EntryPoint = "X509_STORE_CTX_set_error")]
    public static partial void SetStoreError(nint store, int error);

    [LibraryImport(Crypto, EntryPoint = "OPENSSL_sk_num")]
    public static partial int Count(nint stack);

    [LibraryImport(Crypto, EntryPoint = "OPENSSL_sk_value")]
    public static partial nint At(nint stack, int index);

    [LibraryImport(Crypto, EntryPoint = "d2i_X509")]
    public static partial nint ReadCertificate(nint into, byte** der, long length);

    [LibraryImport(Crypto, EntryPoint = "i2d_X509")]
    public static partial int WriteCertificate(nint certificate, byte** der);

    [LibraryImport(Crypto, EntryPoint = "X509_free")]
    public static partial void FreeCertificate(nint certificate);

    [LibraryImport(Crypto, EntryPoint = "BIO_meth_new")]
    public static partial nint NewBioMethod(int type, byte* name);

    [LibraryImport(Crypto, EntryPoint = "BIO_get_new_index")]
    public static partial int NewBioType();

    [LibraryImport(Crypto, EntryPoint = "BIO_meth_set_read_ex")]
    public static partial int SetBioRead(nint method, delegate* unmanaged[Cdecl]<nint, byte*, nuint, nuint*, int> read);

    [LibraryImport(Crypto, EntryPoint = "BIO_meth_set_write_ex")]
    public static partial int SetBioWrite(nint method, delegate* unmanaged[Cdecl]<nint, byte*, nuint, nuint*, int> write);

    [LibraryImport(Crypto, EntryPoint = "BIO_meth_set_ctrl")]
    public static partial int SetBioControl(nint method, delegate* unmanaged[Cdecl]<nint, int, long, void*, long> control);

    [LibraryImport(Crypto, EntryPoint = "BIO_new")]
    public static partial nint NewBio(nint method);

    [LibraryImport(Crypto, EntryPoint = "BIO_free")]
    public static partial int FreeBio(nint bio);

    [LibraryImport(Crypto, EntryPoint = "BIO_set_init")]
    public static partial void SetBioReady(nint bio, int ready);

    [LibraryImport(Crypto, EntryPoint = "BIO_set_data")]
    public static partial void SetBioData(nint bio, nint data);

    [LibraryImport(Crypto, EntryPoint = "BIO_get_data")]
    public static partial nint BioData(nint bio);

    [LibraryImport(Crypto, EntryPoint = "BIO_set_flags")]
    public static partial void SetBioFlags(nint bio, int flags);

    [LibraryImport(Crypto, EntryPoint = "BIO_clear_flags")]
    public static partial void ClearBioFlags(nint bio, int flags);

    [LibraryImport(Crypto, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    [LibraryImport(Crypto, EntryPoint = "ERR_get_error")]
    public static partial ulong NextError();

    [LibraryImport(Crypto, EntryPoint = "ERR_reason_error_string")]
    public static partial byte* Reason(ulong error);
}
