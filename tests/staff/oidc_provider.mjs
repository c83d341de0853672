// A real OpenID provider (the certified library oidc-provider) for the tests of sign-in through the organisation.
// Arguments: the port to listen on, and as JSON the issuer, the client, the keys, and who has which claims.
// Its own development pages ask for a login name and for consent; any password is right there.
import Provider from "oidc-provider";

const [port, json] = process.argv.slice(2);
const { issuer, client, jwks, people } = JSON.parse(json);

const provider = new Provider(issuer, {
  clients: [client],
  jwks,
  cookies: { keys: ["a key for the cookies of a test"] },
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "roles", "office"] },
  conformIdTokenClaims: false, // claims stand in the ID token, as with most organisations
  pkce: { required: () => true },
  findAccount: (_context, id) =>
    people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
