using System.Text;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Pipeline;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class SchedulePolicyTests
{
    [TestMethod]
    [DataRow("", RequestPriority.Default, null)]
    [DataRow("\"other\": true", RequestPriority.Default, null)]
    [DataRow("\"priority\": 0", RequestPriority.Default, null)]
    [DataRow("\"priority\": 1", RequestPriority.Highest, null)]
    [DataRow("\"priority\": 9", RequestPriority.Lowest, null)]
    [DataRow("\"priority\": 10", RequestPriority.Default, null)]
    [DataRow("\"priority\": 18446744073709551615", RequestPriority.Default, null)]
    [DataRow("\"timeout\": 0", RequestPriority.Default, null)]
    [DataRow("\"timeout\": 1500, \"priority\": 2", 2, 1500.0)]
    public void What_a_request_says_of_its_urgency(string parameters, int priority, double? microseconds) =>
        Assert.AreEqual((priority, microseconds), (Read(parameters).Priority, Read(parameters).Timeout?.TotalMicroseconds));

    [TestMethod]
    [DataRow("\"timeout\": -1")]
    [DataRow("\"timeout\": 1.5")]
    [DataRow("\"timeout\": \"1\"")]
    [DataRow("\"priority\": true")]
    [DataRow("\"priority\": -3")]
    public void What_is_no_whole_number_is_refused(string parameters) =>
        Assert.AreEqual(Refusal.HeadParameterUnsupported, Assert.ThrowsExactly<RefusedException>(() => Read(parameters)).Refusal);

    [TestMethod]
    public void The_longest_number_of_microseconds_is_a_time_that_can_be_added() =>
        Assert.IsLessThan(TimeSpan.FromDays(30), Read("\"timeout\": 18446744073709551615").Timeout!.Value);

    private static SchedulePolicy Read(string parameters)
    {
        var request = new InferRequest();
        InferRequestReader.Read(Encoding.UTF8.GetBytes($"{{\"inputs\":[],\"parameters\":{{{parameters}}}}}"), ProtocolLimits.Default, request);
        return SchedulePolicy.Of(request);
    }
}
