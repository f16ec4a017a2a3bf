// As much of ONNX Runtime's C API as a small server needs, by slot number (API version 21, append-only): its headers come
// with no package that these programs could take them from.
#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

class Ort {
 public:
  explicit Ort(const std::string& library) {
    setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(dlerror());
    auto base = reinterpret_cast<void** (*)()>(dlsym(handle, "OrtGetApiBase"))();
    table_ = reinterpret_cast<void** (*)(uint32_t)>(base[0])(21);
    if (table_ == nullptr) throw std::runtime_error("no API version 21");
    check(call<int, const char*, void**>(3)(3, "bench", &environment_));
    check(call<int, int, void**>(69)(0, 0, &memory_));
    check(call<void**>(78)(&allocator_));
  }

  void* session(const std::string& model) {
    void *options, *session;
    check(call<void**>(10)(&options));
    check(call<void*, int>(24)(options, 1));
    check(call<void*, const char*, void*, void**>(7)(environment_, model.c_str(), options, &session));
    return session;
  }

  // Name and dimensions of input or output 0, a dynamic one taken as 1.
  std::pair<std::string, std::vector<int64_t>> describe(void* session, bool input) {
    char* name;
    void* info;
    const void* tensor;
    size_t rank;
    check(call<void*, size_t, void*, char**>(input ? 36 : 37)(session, 0, allocator_, &name));
    check(call<void*, size_t, void**>(input ? 33 : 34)(session, 0, &info));
    check(call<void*, const void**>(55)(info, &tensor));
    check(call<const void*, size_t*>(61)(tensor, &rank));
    std::vector<int64_t> shape(rank);
    check(call<const void*, int64_t*, size_t>(62)(tensor, shape.data(), rank));
    for (auto& dimension : shape) dimension = dimension < 0 ? 1 : dimension;
    return {name, shape};
  }

  void run(void* session, const std::string& input, const std::vector<int64_t>& in_shape, const float* x, size_t x_count,
           const std::string& output, const std::vector<int64_t>& out_shape, float* y, size_t y_count) {
    void *in = value(const_cast<float*>(x), x_count, in_shape), *out = value(y, y_count, out_shape);
    const char *in_name = input.c_str(), *out_name = output.c_str();
    void* status = call<void*, void*, const char**, void**, size_t, const char**, size_t, void**>(9)(
        session, nullptr, &in_name, &in, 1, &out_name, 1, &out);
    release(in);
    release(out);
    check(status);
  }

 private:
  // Every function used returns a status, null when all went well.
  template <typename... A>
  void* (*call(int slot))(A...) {
    return reinterpret_cast<void* (*)(A...)>(table_[slot]);
  }

  void* value(float* data, size_t count, const std::vector<int64_t>& shape) {
    void* value;
    check(call<void*, void*, size_t, const int64_t*, size_t, int, void**>(49)(memory_, data, count * sizeof(float), shape.data(), shape.size(), 1, &value));
    return value;
  }

  void release(void* value) { reinterpret_cast<void (*)(void*)>(table_[96])(value); }

  void check(void* status) {
    if (status == nullptr) return;
    std::string text = reinterpret_cast<const char* (*)(void*)>(table_[2])(status);
    reinterpret_cast<void (*)(void*)>(table_[93])(status);
    throw std::runtime_error(text);
  }

  void** table_;
  void* environment_;
  void* memory_;
  void* allocator_;
};

// One model with one FP32 input and one FP32 output. ONNX Runtime's Run may be called by many threads at once.
class Model {
 public:
  Model(const std::string& library, const std::string& path) : ort_(library), session_(ort_.session(path)) {
    std::tie(input, in_shape) = ort_.describe(session_, true);
    std::tie(output, out_shape) = ort_.describe(session_, false);
    in_count = count(in_shape);
    out_count = count(out_shape);
  }

  void run(const float* x, float* y) { ort_.run(session_, input, in_shape, x, in_count, output, out_shape, y, out_count); }

  std::string input, output;
  std::vector<int64_t> in_shape, out_shape;
  size_t in_count, out_count;

 private:
  static size_t count(const std::vector<int64_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<size_t>());
  }

  Ort ort_;
  void* session_;
};
