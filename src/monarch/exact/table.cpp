#include <danaus/monarch/exact/table.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/nearest_name.hpp>
#include <danaus/monarch/exact/butterfly.hpp>
#include <danaus/monarch/exact/fourier_matrix.hpp>
#include <danaus/monarch/exact/kronecker.hpp>
#include <danaus/monarch/exact/layers.hpp>
#include <danaus/monarch/exact/toeplitz.hpp>
#include <danaus/monarch/exact/trigonometric.hpp>

#include <monarch/exact/transform_inputs.hpp>

#include <numeric>

namespace danaus::monarch {

namespace {

template <class R>
struct Entry {
  TransformKind kind;
  ExactTransform<R> (*build)(const TransformInputs&);
};

/// Calls build with a real or a complex number type, as the arrays are.
template <class R, class Build>
ExactTransform<R> real_or_complex(const TransformInputs& in, const Build& build) {
  if (in.any_complex()) return build(Complex<R>());
  return build(R());
}

template <class R>
ExactTransform<R> build_toeplitz(const TransformInputs& in) {
  return real_or_complex<R>(in, [&]<class T>(T) -> ExactTransform<R> {
    const auto column = in.vector<T>("first_column");
    std::vector<T> row;
    if (in.has("first_row"))
      row = in.vector<T>("first_row");
    else  // Hermitian, as SciPy has it
      for (const T& x : column) row.push_back(conjugate(x));
    in.require_size("first_column", column.size());
    return toeplitz(column, row, in.block(std::gcd(column.size(), row.size())));
  });
}

template <class R>
ExactTransform<R> build_hankel(const TransformInputs& in) {
  return real_or_complex<R>(in, [&]<class T>(T) -> ExactTransform<R> {
    const auto column = in.vector<T>("first_column");
    std::vector<T> row(column.size());
    for (const char* name : {"first_row", "last_row"})
      if (in.has(name)) row = in.vector<T>(name);
    in.require_size("first_column", column.size());
    return hankel(column, row, in.block(std::gcd(column.size(), row.size())));
  });
}

template <class R>
ExactTransform<R> build_butterfly(const TransformInputs& in) {
  return real_or_complex<R>(in, [&]<class T>(T) -> ExactTransform<R> {
    const Butterfly<T> butterfly{in.tensor<T, 4>("twiddle")};
    in.require_size("twiddle", butterfly.points());
    return butterfly_to_monarch(butterfly, in.block(butterfly.points()));
  });
}

template <class R>
ExactTransform<R> build_kaleidoscope(const TransformInputs& in) {
  return real_or_complex<R>(in, [&]<class T>(T) -> ExactTransform<R> {
    std::vector<std::pair<Butterfly<T>, Butterfly<T>>> pairs;
    pairs.emplace_back(Butterfly<T>{in.tensor<T, 4>("twiddle")},
                       Butterfly<T>{in.tensor<T, 4>("twiddle_adjoint")});
    const size_t n = in.size_or(pairs[0].first.points());
    return kaleidoscope_to_monarch(pairs, n, in.block(n));
  });
}

template <class R>
const std::vector<Entry<R>>& table() {
  using In = TransformInputs;
  using Out = ExactTransform<R>;
  using C = Complex<R>;
  const TransformKind::Array column{"first_column", "first column"};
  static const std::vector<Entry<R>> entries{
      {{"dft", "discrete Fourier transform, as numpy.fft.fft"},
       [](const In& in) -> Out {
         return fourier_matrix<R>(in.size(), in.block(in.size()), Fourier::forward);
       }},
      {{"idft", "its inverse, as numpy.fft.ifft"},
       [](const In& in) -> Out {
         return fourier_matrix<R>(in.size(), in.block(in.size()), Fourier::inverse, Normalization::inverse);
       }},
      {{"dct", "cosine transform of --type 2, 3 or 4, orthonormal as SciPy"},
       [](const In& in) -> Out { return cosine_transform<R>(in.type(), in.size(), in.block(in.size())); }},
      {{"dst", "sine transform of --type 2, 3 or 4, orthonormal as SciPy"},
       [](const In& in) -> Out { return sine_transform<R>(in.type(), in.size(), in.block(in.size())); }},
      {{"hartley", "discrete Hartley transform, unnormalised"},
       [](const In& in) -> Out { return hartley_transform<R>(in.size(), in.block(in.size())); }},
      {{"real-dft", "DFT of real numbers in half-complex order, as FFTW's R2HC"},
       [](const In& in) -> Out { return real_dft<R>(in.size(), in.block(in.size())); }},
      {{"hadamard", "Hadamard matrix of entries +-1, as scipy.linalg.hadamard"},
       [](const In& in) -> Out { return hadamard_matrix<R>(in.size(), in.block(in.size())); }},
      {{"identity", "identity"},
       [](const In& in) -> Out { return identity_matrix<R>(in.size(), in.block(in.size())); }},
      {{"convolution", "circular convolution; a filter shorter than --size is filled with zeros", {column}},
       [](const In& in) -> Out {
         return real_or_complex<R>(in, [&]<class T>(T) -> Out {
           const auto filter = in.vector<T>("first_column");
           const size_t n = in.size_or(filter.size());
           return circular_convolution(filter, n, in.block(n));
         });
       }},
      {{"linear-convolution",
        "numpy.convolve of --size points with a filter, rows filled up to a multiple of --block",
        {{"first_column", "filter"}}},
       [](const In& in) -> Out {
         return real_or_complex<R>(in, [&]<class T>(T) -> Out {
           return linear_convolution(in.vector<T>("first_column"), in.size(), in.block(in.size()));
         });
       }},
      {{"toeplitz",
        "Toeplitz matrix, as scipy.linalg.toeplitz",
        {column, {"first_row", "first row; default the conjugate of the column", false}}},
       build_toeplitz<R>},
      {{"hankel",
        "Hankel matrix, as scipy.linalg.hankel",
        {column,
         {"last_row", "last row, whose first number is not read; default zeros", false},
         {"first_row", "another name of last_row", false}}},
       build_hankel<R>},
      {{"afdf", "F^-1 diag(d) F diag(a)", {{"a", "n numbers"}, {"d", "n numbers"}}},
       [](const In& in) -> Out {
         const auto a = in.vector<C>("a");
         in.require_size("a", a.size());
         return afdf<R>(a, in.vector<C>("d"), in.block(a.size()));
       }},
      {{"acdc",
        "C^-1 diag(d) C diag(a), C the cosine transform II",
        {{"a", "n numbers"}, {"d", "n numbers"}}},
       [](const In& in) -> Out {
         const auto a = in.vector<R>("a");
         in.require_size("a", a.size());
         return acdc<R>(a, in.vector<R>("d"), in.block(a.size()));
       }},
      {{"fastfood",
        "S H G P H B / sqrt(n)",
        {{"s", "n numbers"}, {"g", "n numbers"}, {"permutation", "0 .. n-1"}, {"b", "n numbers"}}},
       [](const In& in) -> Out {
         const auto s = in.vector<R>("s");
         in.require_size("s", s.size());
         return fastfood<R>(s, in.vector<R>("g"), in.permutation("permutation"), in.vector<R>("b"), R(1),
                            in.block(s.size()));
       }},
      {{"hd3",
        "H diag(d1) H diag(d2) H diag(d3), H orthonormal",
        {{"d1", "n numbers"}, {"d2", "n numbers"}, {"d3", "n numbers"}}},
       [](const In& in) -> Out {
         const auto d = in.vector<R>("d1");
         in.require_size("d1", d.size());
         return hadamard_diagonal_cubed<R>(d, in.vector<R>("d2"), in.vector<R>("d3"), in.block(d.size()));
       }},
      {{"low-rank", "U V*", {{"u", "(rows, rank)"}, {"v", "(columns, rank)"}}},
       [](const In& in) -> Out {
         return real_or_complex<R>(in, [&]<class T>(T) -> Out {
           return low_rank_product<T>(in.tensor<T, 2>("u"), in.tensor<T, 2>("v"));
         });
       }},
      {{"butterfly", "butterfly matrix", {{"twiddle", "(stage, pair, 2, 2)"}}}, build_butterfly<R>},
      {{"kaleidoscope",
        "B1 B2*, the top-left corner of --size points",
        {{"twiddle", "of B1, (stage, pair, 2, 2)"}, {"twiddle_adjoint", "of B2"}}},
       build_kaleidoscope<R>},
  };
  return entries;
}

}  // namespace

const std::vector<TransformKind>& transform_kinds() {
  static const std::vector<TransformKind> kinds = [] {
    std::vector<TransformKind> result;
    for (const auto& entry : table<double>()) result.push_back(entry.kind);
    return result;
  }();
  return kinds;
}

template <class R>
ExactTransform<R> exact_transform(const TransformRequest& request) {
  std::vector<std::string> names;
  for (const auto& entry : table<R>()) {
    if (entry.kind.name == request.kind) {
      const TransformInputs inputs(request, entry.kind);
      try {
        return entry.build(inputs);
      } catch (const ShapeError& error) {  // a size that this kind cannot have
        const std::string message = "transform " + request.kind + ": " + error.what();
        if (entry.kind.arrays.empty()) throw UsageError(message);
        throw DataError(message);
      }
    }
    names.push_back(entry.kind.name);
  }
  throw UsageError("unknown transform '" + request.kind + "'; did you mean '" +
                   nearest_name(request.kind, names) + "'?");
}

#define DANAUS_INSTANTIATE(R) template ExactTransform<R> exact_transform<R>(const TransformRequest&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
