// Stylelint, for the style sheets: `make check`. A rule that is off or other than the standard says why.
export default {
  extends: ["stylelint-config-standard"],
  rules: {
    // esbuild resolves both forms; this one is that of its documentation.
    "import-notation": "string",
    // `(max-width: 48rem)` everywhere, which older browsers read too.
    "media-feature-range-notation": "prefix",
    // Blank lines part the groups of imports and of tokens.
    "at-rule-empty-line-before": [
      "always",
      { except: ["first-nested"], ignore: ["after-comment", "blockless-after-same-name-blockless"] },
    ],
    "custom-property-empty-line-before": null,
    // It compares selectors of different elements too, such as `.menu p` and `dialog p:last-child`.
    "no-descending-specificity": null,
    // Names of fonts keep their capitals.
    "value-keyword-case": ["lower", { ignoreProperties: ["/^--font/"] }],
    // Safari knows these two only with the prefix.
    "property-no-vendor-prefix": [
      true,
      { ignoreProperties: ["-webkit-text-size-adjust", "-webkit-user-select"] },
    ],
  },
};
