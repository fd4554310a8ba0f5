#include "array_file.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5.hpp>

#include <fstream>

namespace danaus::pde {
namespace {

std::string spelled(const io::AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) {
    char text[32];
    std::snprintf(text, sizeof text, "%.15g", *real);
    return text;
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string text;
    for (const auto& entry : *list) text += (text.empty() ? "" : ",") + entry;
    return text;
  }
  return "";
}

class Hdf5Arrays : public ArrayFile {
 public:
  explicit Hdf5Arrays(const std::filesystem::path& path) : reader_(path) {
    // MATLAB writes its class beside every array, and a header before the file; nothing else means reversed
    // axes.
    reversed_ = !reader_.is_sealed() && io::has_matlab_header(path);
    if (!reader_.is_sealed() && !reversed_)
      for (const auto& name : reader_.datasets())
        reversed_ = reversed_ || reader_.has_attribute(name, "MATLAB_class");
  }

  bool has(const std::string& name) const override { return reader_.has_dataset(name); }
  std::vector<std::string> names() const override { return reader_.all_datasets(); }
  std::vector<std::string> groups() const override { return reader_.groups(); }

  io::ArrayInfo info(const std::string& name) const override {
    return reader_.require(name, -1, {io::ScalarType::f32, io::ScalarType::f64});
  }
  void read_slab(const std::string& name, const io::Extents& first, const io::Extents& count,
                 float* data) const override {
    reader_.read_slab(name, first, count, data);
  }
  std::vector<double> read_vector(const std::string& name) const override {
    return reader_.read<double>(name);
  }

  std::map<std::string, std::string> attributes() const override {
    std::map<std::string, std::string> all;
    for (const auto& name : reader_.attributes()) all[name] = spelled(reader_.attribute_value("/", name));
    return all;
  }
  bool is_reversed() const override { return reversed_; }
  std::string digest() const override {
    return reader_.is_sealed() ? io::to_string(reader_.digest()) : digest_of_file(reader_.path());
  }
  const std::filesystem::path& path() const override { return reader_.path(); }

 private:
  io::Hdf5Reader reader_;
  bool reversed_;
};

}  // namespace

std::unique_ptr<ArrayFile> open_array_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    throw MissingInputError(path.string() + ": no such file; expected a data set");
  if (is_mat5(path)) return open_mat5(path);
  return std::make_unique<Hdf5Arrays>(path);
}

std::string digest_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  io::Hasher hasher;
  std::vector<char> piece(1 << 20);
  while (file.read(piece.data(), std::streamsize(piece.size())) || file.gcount() > 0)
    hasher.update(piece.data(), size_t(file.gcount()));
  if (file.bad()) throw IoError(path.string() + ": cannot be read");
  return io::to_string(hasher.digest());
}

}  // namespace danaus::pde
