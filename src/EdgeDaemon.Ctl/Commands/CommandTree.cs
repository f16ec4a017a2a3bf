using System.CommandLine;
using System.CommandLine.Help;
using EdgeDaemon.Ctl.Help;

namespace EdgeDaemon.Ctl.Commands;

/// <summary>All commands, in the order in which a newcomer needs them.</summary>
internal static class CommandTree
{
    public static RootCommand Build()
    {
        var root = new RootCommand("Sign models for edged, ask them, and see how the daemon is. (EDGECTL_DEBUG=1 adds a stack trace to an error.)")
        {
            KeygenCommand.Create(),
            new CtlCommand("bundle", "Make, sign, verify and inspect bundles: a folder with content/ (model.toml, model files) and signatures/.",
                "edgectl bundle create ./export --name mymodel --out ./mymodel", "edgectl bundle sign ./mymodel --key release.key")
            {
                BundleCreateCommand.Create(),
                BundleInitCommand.Create(),
                BundleSignCommand.Create(),
                BundleVerifyCommand.Create(),
                BundleInspectCommand.Create(),
                BundlePackCommands.CreatePack(),
                BundlePackCommands.CreateUnpack(),
                BundleDiffCommand.Create(),
                BundleImportCommand.Create(),
            },
            new CtlCommand("trust", "Show, change, sign and install trust files: who may release which models.",
                "edgectl trust show trust.toml")
            {
                TrustShowCommand.Create(),
                TrustShowCommand.CreateCheck(),
                TrustChangeCommands.CreateAdd(),
                TrustChangeCommands.CreateRevoke(),
                TrustUpdateCommands.CreateSign(),
                TrustUpdateCommands.CreateInstall(),
            },
            new CtlCommand("pki", "Be a small certificate authority: certificates for signers, clients and servers, and lists of revoked ones.",
                "edgectl pki init ca --name 'Example models 2026'", "edgectl pki issue ca --use signer --name alice --out alice")
            {
                PkiInitCommand.Create(),
                PkiIssueCommand.Create(),
                PkiRevokeCommand.Create(),
                PkiCrlCommand.Create(),
                PkiListCommand.Create(),
            },
            new CtlCommand("oms", "Sign and verify any folder or file with OpenSSF Model Signing, as 'model_signing' does.",
                "edgectl oms verify --method key --model-path DIR --bundle model.sig --public-key key.pub")
            {
                OmsSignCommand.Create(),
                OmsVerifyCommand.Create(),
            },
            new CtlCommand("token", "Make and read bearer tokens, the second factor that a device can demand for some roles.",
                "edgectl token new --key token.key --id ops-2026 --subject unix:0 --audience plant-7")
            {
                TokenNewCommand.Create(),
                TokenShowCommand.Create(),
            },
            InferCommand.Create(),
            CertifyCommand.Create(),
            new CtlCommand("certificate", "Show, replay and check robustness certificates.",
                "edgectl certificate verify seven.json --bundle digits --input seven.png")
            {
                CertificateCommands.CreateShow(),
                CertificateCommands.CreateVerify(),
                CertificateCommands.CreateTables(),
            },
            new CtlCommand("model", "Ask the running daemon about its models (control socket).", "edgectl model list")
            {
                ModelListCommand.Create(),
                ModelStatusCommand.Create(),
            },
            StatusCommand.Create(),
            TenantsCommand.Create(),
            new CtlCommand("penalties", "Show who is left outside for a while because of refused requests, and let somebody in again.", "edgectl penalties list")
            {
                PenaltyCommands.CreateList(),
                PenaltyCommands.CreateLift(),
            },
            new CtlCommand("audit", "Read, verify and export the log of decisions: offline, on the device's folder or on a copy (only 'status' asks the daemon).",
                "edgectl audit verify --key first.vkey", "edgectl audit query --kind refusal")
            {
                AuditStatusCommand.Create(),
                AuditTailCommand.Create(),
                AuditQueryCommand.Create(),
                AuditVerifyCommand.Create(),
                AuditCheckpointCommand.Create(),
                AuditProofCommands.CreateProve(),
                AuditProofCommands.CreateCheck(),
                AuditExportCommand.Create(),
                AuditStatsCommand.Create(),
                AuditLookupCommand.Create(),
            },
            new CtlCommand("config", "Have the running daemon check or reload its configuration.", "edgectl config check", "edgectl config reload")
            {
                ConfigCommands.CreateCheck(),
                ConfigCommands.CreateReload(),
            },
            OperationCommands.CreateMetrics(),
            OperationCommands.CreateLogLevel(),
            OperationCommands.CreateDrain(),
            OperationCommands.CreateUndrain(),
        };
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction standard } help)
            {
                help.Action = new ExampleHelp(standard);
            }
        }

        return root;
    }

    /// <summary>The command as it is typed, for example <c>edgectl bundle sign</c>.</summary>
    public static string PathOf(Command command)
    {
        Command? parent = command.Parents.OfType<Command>().FirstOrDefault();
        return parent is null ? "edgectl" : $"{PathOf(parent)} {command.Name}";
    }
}
