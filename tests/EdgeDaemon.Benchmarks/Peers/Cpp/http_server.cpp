// The peer: cpp-httplib and nlohmann JSON over ONNX Runtime, as their users write it. POST /infer takes and gives tensor bytes,
// POST /v2/models/NAME/infer the Open Inference Protocol's JSON.
//   http_server LIBRARY MODEL SOCKET
#include <httplib.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "ort.hpp"

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "http_server LIBRARY MODEL SOCKET\n"), 2;
  Model model(argv[1], argv[2]);
  httplib::Server server;

  server.Post("/infer", [&](const httplib::Request& request, httplib::Response& response) {
    if (request.body.size() != model.in_count * sizeof(float)) {
      response.status = 400;
      return;
    }
    std::vector<float> x(model.in_count), y(model.out_count);
    std::memcpy(x.data(), request.body.data(), request.body.size());
    model.run(x.data(), y.data());
    response.set_content(reinterpret_cast<const char*>(y.data()), y.size() * sizeof(float), "application/octet-stream");
  });

  server.Post(R"(/v2/models/([^/]+)/infer)", [&](const httplib::Request& request, httplib::Response& response) {
    try {
      auto parsed = nlohmann::json::parse(request.body);
      auto x = parsed.at("inputs").at(0).at("data").get<std::vector<float>>();
      if (x.size() != model.in_count) throw std::runtime_error("wrong size");
      std::vector<float> y(model.out_count);
      model.run(x.data(), y.data());
      nlohmann::json answer = {
          {"model_name", request.matches[1].str()},
          {"outputs", {{{"name", model.output}, {"datatype", "FP32"}, {"shape", model.out_shape}, {"data", y}}}}};
      response.set_content(answer.dump(), "application/json");
    } catch (const std::exception& failure) {
      response.status = 400;
      response.set_content(failure.what(), "text/plain");
    }
  });

  server.set_keep_alive_max_count(1 << 30);
  server.set_keep_alive_timeout(600);
  server.set_address_family(AF_UNIX);
  return server.listen(argv[3], 80) ? 0 : 1;
}
