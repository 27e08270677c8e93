import type { DescribedProvider } from '@holdfast/secrets';
import type { Subject } from './diagnosis.js';

type Kind = DescribedProvider['kind'];

/** What is to be done about a provider's refusals, in the words of its own tools. */
const SUBJECTS: Readonly<Record<Kind, Omit<Subject, 'name'>>> = {
  vault: {
    whereFrom: 'VAULT_ADDR',
    remedies: {
      authentication:
        'check VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN: vault token lookup says whether it is good',
      authorization: 'a policy of the token must allow to read the path: vault token capabilities PATH',
      notFound: 'check HOLDFAST_SECRETS_VAULT_PATH (or MLFLOW_VAULT_SECRET_PATH): vault kv get PATH',
      transient: 'Vault has answered, and not well: vault status says whether it is sealed or a standby',
    },
  },
  aws: {
    whereFrom: 'AWS_REGION',
    remedies: {
      authentication: 'check the credentials of AWS: aws sts get-caller-identity says who asks',
      authorization:
        'the role must allow secretsmanager:GetSecretValue, and kms:Decrypt where a key of its own is used',
      notFound:
        'check HOLDFAST_SECRETS_AWS_NAME (or MLFLOW_AWS_SECRET_NAME) and AWS_REGION: aws secretsmanager describe-secret',
    },
  },
  azure: {
    whereFrom: 'HOLDFAST_SECRETS_AZURE_URL (or MLFLOW_AZURE_KEY_VAULT_URL)',
    remedies: {
      authentication:
        'check the identity: az account show, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET',
      authorization: "the identity needs the role 'Key Vault Secrets User', and the vault's firewall must let it in",
      notFound: 'check HOLDFAST_SECRETS_AZURE_NAME (or MLFLOW_AZURE_SECRET_NAME): az keyvault secret show',
    },
  },
};

/** What a provider's own check amounts to. */
export const PROOFS: Readonly<Record<Kind, string>> = {
  vault: 'the token is good',
  aws: 'there are credentials; AWS itself looks at them when the secret is read',
  azure: 'the identity has a token for the vault',
};

export const subjectOf = (kind: Kind): Subject => ({ name: kind, ...SUBJECTS[kind] });

/** While it is proved who asks, no path is read yet: whoever is forbidden that is nobody, as an unknown token of Vault. */
export const proofOf = (subject: Subject): Subject => {
  const { authentication } = subject.remedies ?? {};
  return authentication === undefined
    ? subject
    : { ...subject, remedies: { ...subject.remedies, authorization: authentication } };
};

/** The secret is there, and is none of the forms that credentials have: the keeper's health has nothing to do with it. */
export const contentOf = (subject: Subject): Subject => {
  const remedy = 'put a token, or a username and a password, into the secret, or name another one';
  return {
    ...subject,
    remedies: { ...subject.remedies, transient: remedy, permanent: remedy },
  };
};
