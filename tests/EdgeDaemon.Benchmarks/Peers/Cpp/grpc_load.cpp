// The clients for servers that speak gRPC: bench-load's figures, one JSON line. A thread and a channel each, blocking calls, one
// prepared request; element i of n of the FP32 input is i/n.
//   grpc_load --socket PATH --shape 1,3,32,32 [--model NAME --input NAME] [--connections N] [--seconds T | --requests N] [--warmup T]
//             [--server-pid P] [--expect FILE]
#include <grpcpp/grpcpp.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "infer.grpc.pb.h"

using Clock = std::chrono::steady_clock;

// The CPU clock of a process (Linux: ~pid << 3 | scheduled time), in seconds; 0 without one.
static double cpu(int pid) {
  timespec time{};
  if (pid == 0 || clock_gettime(static_cast<clockid_t>((~static_cast<unsigned>(pid) << 3) | 2), &time) != 0) return 0;
  return time.tv_sec + time.tv_nsec / 1e9;
}

struct Client {
  std::atomic<long> done{0};
  std::vector<double> sample;
};

int main(int argc, char** argv) {
  std::map<std::string, std::string> words = {{"--model", "model"}, {"--input", "x"}, {"--connections", "1"}, {"--seconds", "1"},
                                              {"--requests", "0"}, {"--warmup", "0.2"}, {"--server-pid", "0"}};
  for (int i = 1; i + 1 < argc; i += 2) words[argv[i]] = argv[i + 1];
  if (words["--socket"].empty() || words["--shape"].empty()) return std::fprintf(stderr, "grpc_load: --socket and --shape are needed\n"), 2;

  inference::ModelInferRequest request;
  request.set_model_name(words["--model"]);
  auto* input = request.add_inputs();
  input->set_name(words["--input"]);
  input->set_datatype("FP32");
  size_t count = 1;
  std::stringstream shape(words["--shape"]);
  for (std::string dimension; std::getline(shape, dimension, ',');) {
    input->add_shape(std::stoll(dimension));
    count *= std::stoull(dimension);
  }
  std::vector<float> values(count);
  for (size_t i = 0; i < count; i++) values[i] = static_cast<float>(i) / static_cast<float>(count);
  request.add_raw_input_contents(values.data(), count * sizeof(float));

  const int connections = std::stoi(words["--connections"]), pid = std::stoi(words["--server-pid"]);
  const double seconds = std::stod(words["--seconds"]), warmup = std::stod(words["--warmup"]);
  const long wanted = std::stol(words["--requests"]);
  std::atomic<long> budget{wanted > 0 ? wanted : (1L << 62)};
  std::atomic<bool> measuring{wanted > 0}, stop{false}, go{false}, failed{false};
  std::vector<Client> clients(connections);

  auto open = [&](int number) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("client", number);  // Channels with equal arguments share one connection.
    arguments.SetMaxReceiveMessageSize(64 << 20);
    return inference::GRPCInferenceService::NewStub(grpc::CreateCustomChannel("unix:" + words["--socket"], grpc::InsecureChannelCredentials(), arguments));
  };
  auto exchange = [&](inference::GRPCInferenceService::Stub& stub, inference::ModelInferResponse& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    auto status = stub.ModelInfer(&context, request, &response);
    if (!status.ok() && !failed.exchange(true)) std::fprintf(stderr, "grpc_load: %d %s\n", status.error_code(), status.error_message().c_str());
    return status.ok() && response.raw_output_contents_size() == 1;
  };

  {
    auto stub = open(-1);
    inference::ModelInferResponse response;
    if (!exchange(*stub, response)) return 1;
    if (!words["--expect"].empty()) {
      std::ifstream file(words["--expect"], std::ios::binary);
      std::string expected((std::istreambuf_iterator<char>(file)), {});
      const auto& found = response.raw_output_contents(0);
      bool same = found.size() == expected.size() && !found.empty();
      for (size_t i = 0; same && i < found.size(); i += sizeof(float)) {
        float a, b;
        std::memcpy(&a, found.data() + i, sizeof a);
        std::memcpy(&b, expected.data() + i, sizeof b);
        same = std::abs(a - b) <= 1e-5f * std::max(1.0f, std::abs(b));
      }
      if (!same) return std::fprintf(stderr, "grpc_load: the answer is not the one that raw ONNX Runtime gave\n"), 1;
    }
  }

  std::atomic<int> connected{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < connections; number++) {
    threads.emplace_back([&, number] {
      auto stub = open(number);
      Client& client = clients[number];
      inference::ModelInferResponse response;
      connected++;
      while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      while (!stop && budget.fetch_sub(1) > 0) {
        auto start = Clock::now();
        response.Clear();
        if (!exchange(*stub, response)) break;
        client.done++;
        if (measuring && client.sample.size() < (1 << 18)) client.sample.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
      }
    });
  }
  while (connected < connections) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  auto total = [&] { long sum = 0; for (auto& client : clients) sum += client.done; return sum; };
  if (wanted == 0) {
    go = true;
    std::this_thread::sleep_for(std::chrono::duration<double>(warmup));
  }
  long requests = total();
  double server = cpu(pid), own = cpu(getpid());
  auto start = Clock::now();
  measuring = true;
  go = true;
  if (wanted > 0) {
    for (auto& thread : threads) thread.join();
  } else {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
  requests = total() - requests;
  server = cpu(pid) - server;
  own = cpu(getpid()) - own;
  double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  stop = true;
  if (wanted == 0) for (auto& thread : threads) thread.join();
  if (failed) return 1;

  std::vector<double> all;
  for (auto& client : clients) all.insert(all.end(), client.sample.begin(), client.sample.end());
  std::sort(all.begin(), all.end());
  auto at = [&](double share) { return all.empty() ? 0.0 : all[static_cast<size_t>(share * (all.size() - 1))]; };
  double each = std::max(1L, requests);
  std::printf("{\"requests\":%ld,\"seconds\":%.6f,\"rate\":%.1f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"server_cpu_us_per_request\":%.3f,\"client_cpu_us_per_request\":%.3f}\n",
              requests, elapsed, requests / elapsed, at(.5), at(.99), server * 1e6 / each, own * 1e6 / each);
}
